--- @include "freshness"
--- @include "rings"
--- @include "slices"
--- @include "status"
-- Accepts a job: idempotency, bound, record, first slice and its place in one step. No event: nobody can follow it yet.
local record = args.record
local queue, client, slice_id = record.engine, record.client, record.id .. '-0'

local function answer(outcome, job_id, status)
  return named({outcome = outcome, job_id = job_id or '', status = status or ''})
end

if redis.call('EXISTS', key.job(record.id)) == 1 then -- sent again after a lost answer
  return answer('created', record.id, 'queued')
end
local idempotency = args.idempotency and key.idempotency(client, args.idempotency)
if idempotency then
  local known = read_hash(idempotency, {'job', 'fingerprint'})
  local status = known.job and redis.call('HGET', key.job(known.job), 'status')
  if status then
    if known.fingerprint ~= args.fingerprint then return answer('conflict', known.job) end
    return answer('replayed', known.job, status)
  end
end
if redis.call('ZCARD', key.OPEN) >= args.max_open then return answer('full') end
if idempotency then
  write_hash(idempotency, {schema = SCHEMA, job = record.id, fingerprint = args.fingerprint})
  redis.call('EXPIRE', idempotency, ttl.idempotency)
  record.idempotency = args.idempotency
end
record.created_at = now()
redis.call('ZADD', key.jobs(client), now(), record.id)
local job = know_job(record.id, {})
set_status(job, 'queued', record)
touch_ttl(key.job(job.id))
make_slice(slice_id, true)
redis.call('ZADD', key.OPEN, now(), job.id)
redis.call('ZADD', key.active(queue), now(), slice_id)
touch_ttl(key.OPEN)
touch_ttl(key.active(queue))
if redis.call('SADD', key.RQ_QUEUES, key.rq_queue(queue)) == 1 then touch_ttl(key.RQ_QUEUES) end -- the audits renew it
if redis.call('EXISTS', key.waiting(queue)) == 0 and redis.call('LLEN', key.rq_queue(queue)) < READY then
  push(queue, slice_id, 'RPUSH') -- nobody is before it
else
  wait(queue, slice_id, 'RPUSH')
  refill(queue)
end
return answer('created', job.id, 'queued')
