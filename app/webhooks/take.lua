-- Takes due deliveries: until their lease is over no other sender sees them.
-- KEYS 1 outbox
-- ARGV 1 lease in seconds  2 how many at most  3 token: what `settle` must name
-- Returns {job id, url, attempts made before} of each
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local record = 'outbox:' .. id
  local delivery = redis.call('HMGET', record, 'url', 'attempts')
  if delivery[1] then
    redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], id)
    redis.call('HSET', record, 'token', ARGV[3], 'due', now + ARGV[1])
    taken[#taken + 1] = {id, delivery[1], delivery[2]}
  else
    redis.call('ZREM', KEYS[1], id) -- expired
  end
end
return taken
