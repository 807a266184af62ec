-- Renews leases. One that was taken away is not brought back.
-- ARGV 1 queue  2.. for each slice its id, the number and the execution of its claim
-- Returns the executions whose slices are no longer the caller's
local leases, lost = key.rq_leases(ARGV[1]), {}
for at = 2, #ARGV, 3 do
  local id, execution = ARGV[at], ARGV[at + 2]
  if not holds(id, ARGV[at + 1], execution) then
    lost[#lost + 1] = execution
  elseif redis.call('ZSCORE', leases, id .. ':' .. execution) then
    redis.call('ZADD', leases, now + LEASE, id .. ':' .. execution)
    redis.call('HSET', key.rq_execution(id, execution), 'last_heartbeat', now)
    redis.call('EXPIRE', key.rq_execution(id, execution), 60)
  end
end
return lost
