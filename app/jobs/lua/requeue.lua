-- Gives a slice back: to the front of the queue, or after a pause. Fenced.
-- KEYS 1 job  2 slice  3 rq leases  4 rq execution  5 rq executions  6 rq job  7 rq queue  8 delayed
-- ARGV 1 slice id  2 execution id  3 fence  4 deaths of the engine host it was there at  5 attempts to add  6 when, '' = now
-- Returns 1, or 0 where the slice is no longer the caller's
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] or redis.call('HGET', KEYS[2], 'status') ~= 'running' then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1] .. ':' .. ARGV[2])
redis.call('DEL', KEYS[4], KEYS[5])
redis.call('HSET', KEYS[2], 'status', 'queued', 'crashes', ARGV[4])
redis.call('HINCRBY', KEYS[2], 'attempts', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'attempts', ARGV[5])
redis.call('HSET', KEYS[6], 'status', 'queued')
if ARGV[6] == '' then
  redis.call('LPUSH', KEYS[7], ARGV[1])
else
  redis.call('ZADD', KEYS[8], ARGV[6], ARGV[1])
end
return 1
