-- Lists jobs, latest first, from the sorted sets that hold them. An entry whose job is gone, has expired or has another
-- status than its set says is removed from the set.
-- ARGV 1 JSON [[sorted set, status of its jobs, or '' for any], …]
--      2 highest time, and 3 the id that those of that time come before; '+inf' and '' for all  4 lowest time
--      5 most jobs that are returned
-- Returns {now, [job fields, …], [time, id] of the last entry read where there are more, else []}
local STALE = 100 -- entries that may be removed in one call
local before, before_id, since, limit = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local before_time = tonumber(before) or math.huge
local most = limit + STALE
local entries = {}
for _, set in ipairs(cjson.decode(ARGV[1])) do
  local ties = redis.call('ZCOUNT', set[1], before, before)
  local found = redis.call('ZREVRANGEBYSCORE', set[1], before, since, 'WITHSCORES', 'LIMIT', 0, most + 1 + ties)
  for at = 1, #found, 2 do
    local id, time = found[at], tonumber(found[at + 1])
    if time < before_time or id < before_id then
      entries[#entries + 1] = {set = set[1], status = set[2], id = id, time = time, score = found[at + 1]}
    end
  end
end
table.sort(entries, function(one, other)
  if one.time == other.time then return one.id > other.id end
  return one.time > other.time
end)

local jobs, last = {}, {}
for at, entry in ipairs(entries) do
  if #jobs == limit or at > most then return {string.format('%.6f', now), jobs, last} end
  last = {entry.score, entry.id}
  local was = redis.call('HMGET', key.job(entry.id), 'status', 'expires_at')
  local is_current = was[1] and (entry.status == '' or entry.status == was[1])
  if is_current and (tonumber(was[2]) or math.huge) > now then
    jobs[#jobs + 1] = redis.call('HGETALL', key.job(entry.id))
  else
    redis.call('ZREM', entry.set, entry.id)
  end
end
return {string.format('%.6f', now), jobs, {}}
