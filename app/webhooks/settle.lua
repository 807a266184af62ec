--- @include "clock"
-- Says what became of a delivery, and lets go of it: `state` is 'delivered' or 'failed', or 'pending' where it is due again
-- in `pause` seconds; `last` is the receiver's status or the reason. Fenced: it changes nothing once the lease has passed to
-- another sender, the job was deleted, or a retry has replaced the entry; so no key is ever made here, and none loses its
-- TTL. Returns 1, or 0 where the delivery is no longer the caller's.
local delivery = key.outbox(args.job)
if redis.call('HGET', delivery, 'token') ~= args.token then return 0 end
redis.call('HDEL', delivery, 'token')
redis.call('HINCRBY', delivery, 'attempts', args.attempts)
if args.last then redis.call('HSET', delivery, 'last', args.last) end
if args.state == 'pending' then
  local due = now() + args.pause
  redis.call('ZADD', key.OUTBOX, 'XX', due, args.job)
  redis.call('HSET', delivery, 'due', due) -- for an audit, where the outbox is lost
else
  redis.call('HSET', delivery, 'state', args.state)
  redis.call('ZREM', key.OUTBOX, args.job)
end
return 1
