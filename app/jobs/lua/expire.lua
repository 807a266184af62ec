--- @include "clock"
--- @include "records"
-- Leaves a tombstone of an ended job: at its time, or, `early`, now. Its blobs are the caller's to remove, then its entry in
-- `expiring`, which brings a sweeper back to what was left undone. Returns 1, or 0 where the job has not ended, or it is
-- too early.
local job = read_job(args.job_id, 'expires_at', 'idempotency')
if not job.status then return 1 end -- the record's own time has come
if is_open(job.status) then return 0 end
local engine, expires_at = job.engine or '', tonumber(job.expires_at) or now()
if not args.early and expires_at > now() then return 0 end
local number, slices = 0, {}
repeat -- before a retry it may have had more slices than its record knows of
  local id = job.id .. '-' .. number
  slices[#slices + 1] = id
  number = number + 1
until redis.call('DEL', key.slice_(id), key.rq_job(id)) == 0
for _, status in ipairs({'finished', 'failed', 'canceled'}) do
  local registry = key.rq_registry(status, engine)
  if args.early then
    redis.call('ZREM', registry, unpack(slices))
  else
    redis.call('ZREMRANGEBYSCORE', registry, '-inf', now()) -- with those of jobs whose records were lost
  end
end
redis.call('DEL', key.job(job.id), key.outbox(job.id), key.pages(job.id))
if job.idempotency then
  local idempotency = key.idempotency(job.client, job.idempotency)
  -- The key's time counts from the submission: it may be another job's by now.
  if redis.call('HGET', idempotency, 'job') == job.id then redis.call('DEL', idempotency) end
end
redis.call('SREM', key.ENDED_SECRETS, job.id)
redis.call('ZREM', key.OUTBOX, job.id)
redis.call('ZREM', key.jobs(job.client), job.id)
redis.call('ZREM', key.jobs_by_engine(engine, job.status, job.client), job.id)
write_hash(key.job(job.id), {schema = SCHEMA, id = job.id, status = job.status, engine = engine, client = job.client,
  created_at = job.created_at or now(), expires_at = math.min(now(), expires_at)})
redis.call('EXPIRE', key.job(job.id), TOMBSTONE)
redis.call('ZADD', key.EXPIRING, 'LT', now(), job.id)
touch_ttl(key.EXPIRING)
return 1
