-- Accepts a job: idempotency, bound, record, first slice and its place in one step. No event: nobody can follow it yet.
-- ARGV 1 job id  2 queue  3 client  4 idempotency key's digest, or ''  5 fingerprint
--      6 most jobs that may be open  7.. the job's hash
-- Returns {'created' | 'replayed' | 'conflict' | 'full', job id, status}
local job, queue, client, id = ARGV[1], ARGV[2], ARGV[3], ARGV[1] .. '-0'
if redis.call('EXISTS', key.job(job)) == 1 then return {'created', job, 'queued'} end -- sent again after a lost answer
local idempotency = ARGV[4] ~= '' and key.idempotency(client, ARGV[4])
if idempotency then
  local old = redis.call('HMGET', idempotency, 'job', 'fingerprint')
  if old[1] and redis.call('EXISTS', key.job(old[1])) == 1 then
    if old[2] ~= ARGV[5] then return {'conflict', old[1], ''} end
    return {'replayed', old[1], redis.call('HGET', key.job(old[1]), 'status') or ''}
  end
end
if redis.call('ZCARD', key.OPEN) >= tonumber(ARGV[6]) then return {'full', '', ''} end
if idempotency then
  redis.call('HSET', idempotency, 'schema', SCHEMA, 'job', job, 'fingerprint', ARGV[5])
  redis.call('EXPIRE', idempotency, RESULT_TTL)
end
redis.call('HSET', key.job(job), 'created_at', now, unpack(ARGV, 7))
redis.call('ZADD', key.jobs(client), now, job)
set_status(job, 'queued')
if idempotency then redis.call('HSET', key.job(job), 'idempotency', ARGV[4]) end
redis.call('HSET', key.slice_(id), 'schema', SCHEMA, 'id', id, 'job', job, 'status', 'queued', 'fence', 0)
redis.call('ZADD', key.OPEN, now, job)
redis.call('ZADD', key.active(queue), now, id)
if redis.call('SADD', key.RQ_QUEUES, key.rq_queue(queue)) == 1 then touch_ttl(key.RQ_QUEUES) end -- later, workers keep it
touch_ttl(key.job(job))
touch_ttl(key.slice_(id))
for _, name in ipairs({key.OPEN, key.active(queue)}) do touch_ttl(name) end
if redis.call('EXISTS', key.waiting(queue)) == 0 and redis.call('LLEN', key.rq_queue(queue)) < READY then
  push(queue, id, 'RPUSH') -- nobody is before it
else
  wait(queue, id, 'RPUSH')
  refill(queue)
end
return {'created', job, 'queued'}
