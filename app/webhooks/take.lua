-- Takes due deliveries: until their lease is over no other sender sees them.
-- KEYS 1 outbox
-- ARGV 1 now  2 lease in seconds  3 how many at most
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local delivery = redis.call('HMGET', 'outbox:' .. id, 'url', 'attempts')
  if delivery[1] then
    redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[2], id)
    taken[#taken + 1] = {id, delivery[1], delivery[2]}
  else
    redis.call('ZREM', KEYS[1], id) -- expired
  end
end
return taken
