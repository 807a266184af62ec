-- Brings back what nobody works on: expired leases, pauses that are over, and slices that are active but nowhere.
-- KEYS 1 rq leases  2 rq queue  3 active  4 missing  5 delayed
-- ARGV 1 now  2 seconds a slice may be nowhere before it counts as lost  3 worker whose leases are all expired, or ''
--      4 1 where leases are judged
-- Returns the slices that are queued again, each with why
local now, again, queued, leased = tonumber(ARGV[1]), {}, {}, {}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do queued[id] = true end

local function queue(id, why)
  redis.call('ZREM', KEYS[4], id)
  local status = redis.call('HGET', 'slice:' .. id, 'status')
  if status ~= 'queued' and status ~= 'running' then -- ended, or gone: only tidy up
    redis.call('ZREM', KEYS[3], id)
    return
  end
  redis.call('HSET', 'slice:' .. id, 'status', 'queued')
  redis.call('HSET', 'rq:job:' .. id, 'status', 'queued')
  if not queued[id] then
    redis.call('LPUSH', KEYS[2], id)
    queued[id] = true
  end
  again[#again + 1] = {id, why}
end

local leases = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #leases, 2 do
  local id = string.match(leases[at], '^([^:]+)')
  local own = ARGV[3] ~= '' and redis.call('HGET', 'slice:' .. id, 'worker') == ARGV[3]
  if own or (ARGV[4] == '1' and tonumber(leases[at + 1]) <= now) then
    redis.call('ZREM', KEYS[1], leases[at])
    queue(id, own and 'it was in hand when this worker last ended' or 'its lease has expired')
  else
    leased[id] = true
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', now)) do
  redis.call('ZREM', KEYS[5], id)
  if not leased[id] then queue(id, 'its pause is over') end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[2])) do
  if queued[id] or leased[id] or redis.call('ZSCORE', KEYS[5], id) then
    redis.call('ZREM', KEYS[4], id)
  else
    redis.call('ZADD', KEYS[4], 'NX', now, id)
    if tonumber(redis.call('ZSCORE', KEYS[4], id)) <= now - ARGV[2] then queue(id, 'it was nowhere') end
  end
end
for key = 3, 5 do redis.call('EXPIRE', KEYS[key], 864000) end
return again
