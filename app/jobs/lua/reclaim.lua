-- Takes back the leases that a former life of this worker held.
-- KEYS 1 rq leases  2 rq queue
-- ARGV 1 worker
-- Returns the ids of the slices that are queued again
local again = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local id = string.match(member, '^([^:]+)')
  local slice = redis.call('HMGET', 'slice:' .. id, 'worker', 'status')
  if slice[1] == ARGV[1] then
    redis.call('ZREM', KEYS[1], member)
    if slice[2] == 'running' then
      redis.call('HSET', 'slice:' .. id, 'status', 'queued')
      redis.call('HSET', 'rq:job:' .. id, 'status', 'queued')
      redis.call('LPUSH', KEYS[2], id)
      again[#again + 1] = id
    end
  end
end
return again
