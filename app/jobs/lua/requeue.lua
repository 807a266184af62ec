-- Gives a slice back to the front of the queue. Fenced.
-- KEYS 1 job  2 slice  3 rq leases  4 rq execution  5 rq executions  6 rq job  7 rq queue
-- ARGV 1 slice id  2 execution id  3 fence  4 crashes to add  5 attempts to add
-- Returns 1, or 0 where the slice is no longer the caller's
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] or redis.call('HGET', KEYS[2], 'status') ~= 'running' then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1] .. ':' .. ARGV[2])
redis.call('DEL', KEYS[4], KEYS[5])
redis.call('HSET', KEYS[2], 'status', 'queued')
redis.call('HINCRBY', KEYS[2], 'crashes', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'attempts', ARGV[5])
redis.call('HSET', KEYS[6], 'status', 'queued')
redis.call('LPUSH', KEYS[7], ARGV[1])
return 1
