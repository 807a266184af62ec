-- Ends a slice, and its job with it when no other slice is open. Fenced: a late worker cannot overwrite a newer one.
-- KEYS 1 job  2 slice  3 rq leases  4 rq execution  5 rq executions  6 rq job  7 rq registry of the status  8 active
--      9 events  10 outbox  11 outbox:{id}  12 outbox:bell
-- ARGV 1 slice id  2 execution id  3 fence  4 'finished' or 'failed'  5 now  6 now, ISO  7 job id  8 seconds the result is kept
--      9 seconds the record is kept  10 error code  11 error message  12 1 where this run counts as an attempt  13 events kept
-- Returns 1, or 0 where the slice is no longer the caller's
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] or redis.call('HGET', KEYS[2], 'status') ~= 'running' then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1] .. ':' .. ARGV[2])
redis.call('DEL', KEYS[4], KEYS[5])
redis.call('HSET', KEYS[2], 'status', ARGV[4])
redis.call('ZREM', KEYS[8], ARGV[1])
redis.call('HSET', KEYS[6], 'status', ARGV[4], 'ended_at', ARGV[6])
redis.call('EXPIRE', KEYS[6], ARGV[8])
redis.call('ZADD', KEYS[7], ARGV[5] + ARGV[8], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[5])
redis.call('EXPIRE', KEYS[7], ARGV[9])
redis.call('HINCRBY', KEYS[2], 'attempts', ARGV[12])
redis.call('HINCRBY', KEYS[1], 'attempts', ARGV[12])
if ARGV[4] == 'failed' then redis.call('HSET', KEYS[1], 'error_code', ARGV[10], 'error_message', ARGV[11]) end
redis.call('EXPIRE', KEYS[2], ARGV[9])
if redis.call('HINCRBY', KEYS[1], 'slices_open', -1) > 0 then return 1 end
local status = redis.call('HEXISTS', KEYS[1], 'error_code') == 1 and 'failed' or 'finished'
redis.call('HSET', KEYS[1], 'status', status, 'finished_at', ARGV[5], 'expires_at', ARGV[5] + ARGV[8])
redis.call('EXPIRE', KEYS[1], ARGV[9])
local callback = redis.call('HGET', KEYS[1], 'callback_url')
if callback then
  redis.call('HSET', KEYS[11], 'schema', 1, 'job', ARGV[7], 'url', callback, 'state', 'pending', 'attempts', 0, 'created_at', ARGV[5])
  redis.call('EXPIRE', KEYS[11], ARGV[8])
  redis.call('ZADD', KEYS[10], ARGV[5], ARGV[7])
  redis.call('EXPIRE', KEYS[10], ARGV[9])
  redis.call('LPUSH', KEYS[12], 1)
  redis.call('LTRIM', KEYS[12], 0, 0)
  redis.call('EXPIRE', KEYS[12], 60)
end
redis.call('EXPIRE', KEYS[9], ARGV[9])
redis.call('XADD', KEYS[9], 'MAXLEN', '~', ARGV[13], '*', 'job', ARGV[7], 'type', 'status', 'status', status)
return 1
