--- @include "clock"
--- @include "hashes"
-- Lists jobs, latest first, from the `sets` that hold them: before the id `before.id` at the time `before.time`, or all;
-- and not before the time `since`. An entry whose job is gone, has expired or has another status than that of its set is
-- removed from the set.
local STALE = 100 -- entries that may be removed in one call
local before = args.before
local highest = before and before.time or '+inf'
local reads = args.limit + STALE
local entries = {}
for _, set in ipairs(args.sets) do
  local ties = before and redis.call('ZCOUNT', set.name, highest, highest) or 0
  local found = redis.call('ZREVRANGEBYSCORE', set.name, highest, args.since, 'WITHSCORES', 'LIMIT', 0, reads + 1 + ties)
  for index = 1, #found, 2 do
    local id, time = found[index], tonumber(found[index + 1])
    if not before or time < before.time or id < before.id then
      entries[#entries + 1] = {set = set, id = id, time = time, score = found[index + 1]}
    end
  end
end
table.sort(entries, function(one, other)
  if one.time == other.time then return one.id > other.id end
  return one.time > other.time
end)

local jobs, last = {}, nil
for index, entry in ipairs(entries) do
  if #jobs == args.limit or index > reads then
    return named({now = string.format('%.6f', now()), jobs = jobs, last_time = last.score, last_id = last.id})
  end
  last = entry
  local job = read_whole_hash(key.job(entry.id))
  local is_current = job.status and (not entry.set.status or entry.set.status == job.status)
  if is_current and (tonumber(job.expires_at) or math.huge) > now() then
    jobs[#jobs + 1] = named(job)
  else
    redis.call('ZREM', entry.set.name, entry.id)
  end
end
return named({now = string.format('%.6f', now()), jobs = jobs})
