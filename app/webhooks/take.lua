--- @include "clock"
--- @include "hashes"
-- Takes due deliveries: until their `lease`, in seconds, is over no other sender sees them. `token` is what settles them.
local taken, leased_until = {}, now() + args.lease
for _, job in ipairs(redis.call('ZRANGEBYSCORE', key.OUTBOX, '-inf', now(), 'LIMIT', 0, args.limit)) do
  local delivery = read_hash(key.outbox(job), {'url', 'attempts'})
  if delivery.url then
    redis.call('ZADD', key.OUTBOX, 'XX', leased_until, job)
    redis.call('HSET', key.outbox(job), 'token', args.token, 'due', leased_until)
    taken[#taken + 1] = named({job = job, url = delivery.url, attempts = delivery.attempts or '0'})
  else
    redis.call('ZREM', key.OUTBOX, job) -- expired
  end
end
return taken
