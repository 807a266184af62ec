--- @include "rings"
-- Gives a slice back: to the 'front' of the queue, to its 'ring', where it waits its turn, or 'delayed' for `pause` seconds.
-- Returns 1, or 0 where the slice is no longer the caller's.
local slice, job = held(args.claim, 'attempts')
if not slice then return 0 end
local id, queue = slice.id, args.queue
redis.call('ZREM', key.rq_leases(queue), id .. ':' .. slice.execution)
redis.call('DEL', key.rq_execution(id, slice.execution), key.rq_executions(id))
local fields = {status = 'queued', crashes = args.crashes}
if args.attempted then
  fields.attempts = (tonumber(slice.attempts) or 0) + 1
  write_job(job, {attempts = (tonumber(job.attempts) or 0) + 1})
end
write_slice(slice, fields)
if args.fetched then -- its document
  redis.call('HDEL', key.job(job.id), 'fetch_from')
  job.fetch_from = nil
end
if args.place == 'front' then
  push(queue, id, 'LPUSH')
  return 1
end
if redis.call('EXPIRE', key.rq_job(id), RECORD_TTL) == 1 then redis.call('HSET', key.rq_job(id), 'status', 'queued') end
if args.place == 'ring' then
  wait(queue, id, 'LPUSH')
  refill(queue)
else
  redis.call('ZADD', key.delayed(queue), now() + args.pause, id)
  touch_ttl(key.delayed(queue))
end
return 1
