--- @include "clock"
--- @include "records"
-- Renews leases. One that was taken away is not brought back. Returns the executions whose slices are no longer the
-- caller's.
local leases, lost = key.rq_leases(args.queue), {}
for _, claim in ipairs(args.claims) do
  local id, execution = claim.slice_id, claim.execution
  local lease = id .. ':' .. execution
  if not held(claim) then
    lost[#lost + 1] = execution
  elseif redis.call('ZSCORE', leases, lease) then
    redis.call('ZADD', leases, now() + LEASE, lease)
    redis.call('HSET', key.rq_execution(id, execution), 'last_heartbeat', now())
    redis.call('EXPIRE', key.rq_execution(id, execution), ttl.rq_execution)
  end
end
return lost
