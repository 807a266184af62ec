-- Says what became of a delivery, and lets go of it. Fenced: it changes nothing once the lease has passed to another
-- sender, the job was deleted, or a retry has replaced the entry; so no key is ever made here, and none loses its TTL.
-- KEYS 1 outbox  2 outbox:{job}
-- ARGV 1 job id  2 token it was taken with  3 'delivered', 'failed', or the seconds until it is due again
--      4 attempts to add  5 status or reason, or ''
-- Returns 1, or 0 where the delivery is no longer the caller's
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], 'token')
redis.call('HINCRBY', KEYS[2], 'attempts', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'last', ARGV[5]) end
local pause = tonumber(ARGV[3])
if pause then
  local time = redis.call('TIME')
  local due = time[1] + time[2] / 1000000 + pause
  redis.call('ZADD', KEYS[1], 'XX', due, ARGV[1])
  redis.call('HSET', KEYS[2], 'due', due) -- for an audit, where the outbox is lost
else
  redis.call('HSET', KEYS[2], 'state', ARGV[3])
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 1
