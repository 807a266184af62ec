-- Gives a slice back. Fenced.
-- ARGV 1 slice id  2 fence  3 execution id  4 queue  5 deaths of the engine host it was there at  6 attempts to add
--      7 'front': of the queue, 'fetched': the same, its document being there, 'ring': among those that wait, or seconds
--        until it is due
-- Returns 1, or 0 where the slice is no longer the caller's
local id, execution, queue = ARGV[1], ARGV[3], ARGV[4]
if not holds(id, ARGV[2], execution) then return 0 end
redis.call('ZREM', key.rq_leases(queue), id .. ':' .. execution)
redis.call('DEL', key.rq_execution(id, execution), key.rq_executions(id))
redis.call('HSET', key.slice_(id), 'status', 'queued', 'crashes', ARGV[5])
redis.call('HINCRBY', key.slice_(id), 'attempts', ARGV[6])
redis.call('HINCRBY', key.job(job_of(id)), 'attempts', ARGV[6])
redis.call('HSET', key.rq_job(id), 'status', 'queued')
if ARGV[7] == 'fetched' then redis.call('HDEL', key.job(job_of(id)), 'fetch_from') end
if ARGV[7] == 'front' or ARGV[7] == 'fetched' then
  push(queue, id, 'LPUSH')
elseif ARGV[7] == 'ring' then
  wait(queue, id, 'LPUSH')
  refill(queue)
else
  redis.call('ZADD', key.delayed(queue), now + ARGV[7], id)
  touch_ttl(key.delayed(queue))
end
return 1
