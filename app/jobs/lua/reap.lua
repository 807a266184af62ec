-- Brings back what nobody works on: expired leases, pauses that are over, and slices that are active but nowhere.
-- ARGV 1 queue  2 seconds a slice may be nowhere before it counts as lost
--      3 worker whose leases are all expired, or ''  4 1 where leases are judged
-- Returns the slices that are queued again, each with why
local queue, grace, owner = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local active, missing, delayed, waiting = key.active(queue), key.missing(queue), key.delayed(queue), key.waiting(queue)
local again, queued, leased = {}, {}, {}
for _, id in ipairs(redis.call('LRANGE', key.rq_queue(queue), 0, -1)) do queued[id] = true end

local function back(id, why)
  redis.call('ZREM', missing, id)
  local status = redis.call('HGET', key.slice_(id), 'status')
  if status ~= 'queued' and status ~= 'running' then -- ended, or gone: only tidy up
    redis.call('ZREM', active, id)
    return
  end
  redis.call('HSET', key.slice_(id), 'status', 'queued')
  if not queued[id] then
    push(queue, id, 'LPUSH')
    queued[id] = true
  end
  again[#again + 1] = {id, why}
end

local leases = redis.call('ZRANGE', key.rq_leases(queue), 0, -1, 'WITHSCORES')
for at = 1, #leases, 2 do
  local id = string.match(leases[at], '^([^:]+)')
  local own = owner ~= '' and redis.call('HGET', key.slice_(id), 'worker') == owner
  if own or (ARGV[4] == '1' and tonumber(leases[at + 1]) <= now) then
    redis.call('ZREM', key.rq_leases(queue), leases[at])
    back(id, own and 'it was in hand when this worker last ended' or 'its lease has expired')
  else
    leased[id] = true
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now)) do
  redis.call('ZREM', delayed, id)
  if not leased[id] then back(id, 'its pause is over') end
end

-- The audit. What is in none of the sets is in the list, leased, on its way between two commands of RQ's, or lost.
local nowhere = {}
for _, id in ipairs(redis.call('ZDIFF', 3, active, waiting, delayed)) do
  if not queued[id] and not leased[id] and tonumber(redis.call('ZSCORE', active, id)) <= now - grace then
    nowhere[id] = true
    redis.call('ZADD', missing, 'NX', now, id)
    if tonumber(redis.call('ZSCORE', missing, id)) <= now - grace then back(id, 'it was nowhere') end
  end
end
for _, id in ipairs(redis.call('ZRANGE', missing, 0, -1)) do
  if not nowhere[id] then redis.call('ZREM', missing, id) end
end
for _, name in ipairs({active, missing, delayed, key.RQ_QUEUES}) do keep(name) end
refill(queue)
return again
