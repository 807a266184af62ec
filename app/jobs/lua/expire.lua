-- Leaves a tombstone of an ended job: at its time, or now. Its blobs are the caller's to remove, then its entry in
-- `expiring`, which brings a sweeper back to what was left undone.
-- ARGV 1 job id  2 1 where its time does not matter
-- Returns 1, or 0 where the job has not ended, or it is too early
local job = ARGV[1]
local record = key.job(job)
local was = redis.call('HMGET', record, 'status', 'expires_at', 'engine', 'client', 'idempotency', 'created_at')
if not was[1] then return 1 end -- the record's own time has come
if is_open(was[1]) then return 0 end
local engine, client, expires_at = was[3] or '', was[4] or 'anonymous', tonumber(was[2]) or now
if ARGV[2] ~= '1' and expires_at > now then return 0 end
local number = 0
repeat -- before a retry it may have had more slices than its record knows of
  local id = job .. '-' .. number
  local gone = redis.call('DEL', key.slice_(id), key.rq_job(id))
  for _, status in ipairs({'finished', 'failed', 'canceled'}) do
    redis.call('ZREM', key.rq_registry(status, engine), id)
  end
  number = number + 1
until gone == 0
redis.call('DEL', record, key.outbox(job), key.pages(job))
if was[5] then
  local idempotency = key.idempotency(client, was[5])
  -- The key's time counts from the submission: it may be another job's by now.
  if redis.call('HGET', idempotency, 'job') == job then redis.call('DEL', idempotency) end
end
redis.call('SREM', key.ENDED_SECRETS, job)
redis.call('ZREM', key.OUTBOX, job)
redis.call('ZREM', key.jobs(client), job)
redis.call('ZREM', key.jobs_by_engine(engine, was[1], client), job)
redis.call('HSET', record, 'schema', SCHEMA, 'id', job, 'status', was[1], 'engine', engine, 'client', client,
  'created_at', was[6] or now, 'expires_at', math.min(now, expires_at))
redis.call('EXPIRE', record, TOMBSTONE)
redis.call('ZADD', key.EXPIRING, 'LT', now, job)
touch_ttl(key.EXPIRING)
return 1
