-- Accepts a job: idempotency, bound, record, first slice and its place in one step. No event: nobody can follow it yet.
-- ARGV 1 job id  2 queue  3 now  4 now, ISO  5 client  6 idempotency key's digest, or ''  7 fingerprint
--      8 most jobs that may be open  9.. the job's hash
-- Returns {'created' | 'replayed' | 'conflict' | 'full', job id, status}
local job, queue, now, iso, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[1] .. '-0'
if redis.call('EXISTS', key.job(job)) == 1 then return {'created', job, 'queued'} end -- sent again after a lost answer
local idempotency = ARGV[6] ~= '' and key.idempotency(ARGV[5], ARGV[6])
if idempotency then
  local old = redis.call('HMGET', idempotency, 'job', 'fingerprint')
  if old[1] then
    if old[2] ~= ARGV[7] then return {'conflict', old[1], ''} end
    return {'replayed', old[1], redis.call('HGET', key.job(old[1]), 'status') or ''}
  end
end
if redis.call('ZCARD', key.OPEN) >= tonumber(ARGV[8]) then return {'full', '', ''} end
if idempotency then
  redis.call('HSET', idempotency, 'schema', SCHEMA, 'job', job, 'fingerprint', ARGV[7])
  redis.call('EXPIRE', idempotency, RESULT_TTL)
end
redis.call('HSET', key.job(job), unpack(ARGV, 9))
if idempotency then redis.call('HSET', key.job(job), 'idempotency', ARGV[6]) end
redis.call('HSET', key.slice_(id), 'schema', SCHEMA, 'id', id, 'job', job, 'status', 'queued', 'fence', 0)
redis.call('ZADD', key.OPEN, now, job)
redis.call('ZADD', key.jobs(ARGV[5]), now, job)
redis.call('ZADD', key.active(queue), now, id)
if redis.call('SADD', key.RQ_QUEUES, key.rq_queue(queue)) == 1 then keep(key.RQ_QUEUES) end -- later, workers keep it
keep(key.job(job))
keep(key.slice_(id))
for _, name in ipairs({key.OPEN, key.jobs(ARGV[5]), key.active(queue)}) do keep(name) end
if redis.call('EXISTS', key.waiting(queue)) == 0 and redis.call('LLEN', key.rq_queue(queue)) < READY then
  push(queue, id, iso, 'RPUSH') -- nobody is before it
else
  wait(queue, id, now, 'RPUSH')
  refill(queue, iso)
end
return {'created', job, 'queued'}
