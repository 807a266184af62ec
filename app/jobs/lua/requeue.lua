-- Gives a slice back. Fenced.
-- ARGV 1 slice id  2 fence  3 queue  4 now  5 now, ISO  6 deaths of the engine host it was there at  7 attempts to add
--      8 'front': of the queue, 'ring': among those that wait, or when it is due
-- Returns 1, or 0 where the slice is no longer the caller's
local id, queue = ARGV[1], ARGV[3]
local execution = holds(id, ARGV[2])
if not execution then return 0 end
redis.call('ZREM', key.rq_leases(queue), id .. ':' .. execution)
redis.call('DEL', key.rq_execution(id, execution), key.rq_executions(id))
redis.call('HSET', key.slice_(id), 'status', 'queued', 'crashes', ARGV[6])
redis.call('HINCRBY', key.slice_(id), 'attempts', ARGV[7])
redis.call('HINCRBY', key.job(job_of(id)), 'attempts', ARGV[7])
redis.call('HSET', key.rq_job(id), 'status', 'queued')
if ARGV[8] == 'front' then
  push(queue, id, ARGV[5], 'LPUSH')
elseif ARGV[8] == 'ring' then
  wait(queue, id, ARGV[4], 'LPUSH')
  refill(queue, ARGV[5])
else
  redis.call('ZADD', key.delayed(queue), ARGV[8], id)
  keep(key.delayed(queue))
end
return 1
