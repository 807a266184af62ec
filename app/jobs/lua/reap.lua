-- Brings back what nobody works on: expired leases, pauses that are over, and, by an audit, what is lost. Cheap enough for
-- every beat of every worker: what is looked through in one call is bounded, and only one caller in AUDIT_EVERY audits.
-- ARGV 1 queue  2 seconds a slice may be nowhere before it counts as lost
--      3 worker whose leases are all expired, or ''  4 1 where leases are judged
-- Returns the slices that are queued again, each with why
local AT_A_TIME = 100 -- leases and pauses in one call
local AUDIT_EVERY = 3000 -- milliseconds
local PIECE = 1000 -- active slices, as many ended jobs, and a quarter as many open ones, in one audit
local OLDEST = 100 -- of those that wait, in one audit

local queue, grace, owner = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local active, missing, delayed, waiting = key.active(queue), key.missing(queue), key.delayed(queue), key.waiting(queue)
local leases, list = key.rq_leases(queue), key.rq_queue(queue)
local again = {}

local listed
local function is_listed(id)
  if not listed then
    listed = {}
    for _, entry in ipairs(redis.call('LRANGE', list, 0, -1)) do listed[entry] = true end
  end
  return listed[id]
end

local function back(id, why)
  redis.call('ZREM', missing, id)
  if not is_alive(queue, id) then return end
  redis.call('HSET', key.slice_(id), 'status', 'queued')
  if not is_listed(id) then
    push(queue, id, 'LPUSH')
    listed[id] = true
  end
  again[#again + 1] = {id, why}
end

local function is_leased(id)
  local execution = redis.call('HGET', key.slice_(id), 'execution')
  return execution and redis.call('ZSCORE', leases, id .. ':' .. execution)
end

if owner ~= '' then
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    local id = string.match(lease, '^([^:]+)')
    if redis.call('HGET', key.slice_(id), 'worker') == owner then
      redis.call('ZREM', leases, lease)
      back(id, 'it was in hand when this worker last ended')
    end
  end
end
if ARGV[4] == '1' then
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, AT_A_TIME)) do
    redis.call('ZREM', leases, lease)
    local id, execution = string.match(lease, '^([^:]+):(.*)$')
    local held = redis.call('HGET', key.slice_(id), 'execution')
    if not held or held == execution or not is_leased(id) then back(id, 'its lease has expired') end
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, AT_A_TIME)) do
  redis.call('ZREM', delayed, id)
  if not is_leased(id) then back(id, 'its pause is over') end
end

-- Up to so many members of a sorted set, and on the next call those after them, round and round.
local function piece_of(set, count)
  local cursor = key.cursor(queue, set)
  local found = redis.call('ZSCAN', set, tonumber(redis.call('GET', cursor) or '') or 0, 'COUNT', count)
  redis.call('SET', cursor, found[1], 'EX', RECORD_TTL)
  local members = {}
  for at = 1, #found[2], 2 do members[#members + 1] = found[2][at] end
  return members
end

-- The rings that a waiting slice stands in: its job's, its client's, its priority's, each with the member.
local function rings_of(id)
  local job = job_of(id)
  local priority, client = whose(job)
  return {
    {key.waiting_slices(job), id},
    {key.waiting_jobs(queue, priority, client), job},
    {key.waiting_clients(queue, priority), client},
  }
end

local function enter(id)
  for _, ring in ipairs(rings_of(id)) do
    if not redis.call('LPOS', ring[1], ring[2]) then
      redis.call('RPUSH', ring[1], ring[2])
      touch_ttl(ring[1])
    end
  end
end

-- What is in none of the sets is in the list, leased, on its way between two commands of RQ's, or lost.
local function audit_slice(id)
  local since = redis.call('ZSCORE', active, id)
  if not since or redis.call('ZSCORE', waiting, id) or redis.call('ZSCORE', delayed, id) or is_listed(id)
    or is_leased(id) or tonumber(since) > now - grace then
    redis.call('ZREM', missing, id)
    return
  end
  redis.call('ZADD', missing, 'NX', now, id)
  if tonumber(redis.call('ZSCORE', missing, id)) > now - grace then return end
  leave(queue, id) -- it may stand in the rings, and only the set of those that do is lost
  back(id, 'it was nowhere')
end

-- A ring that is lost: all that stood in it enter it again.
local function audit_rings(ids)
  local there = {}
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', waiting, id) then
      local whole = true
      for at, ring in ipairs(rings_of(id)) do
        if there[ring[1]] == nil then there[ring[1]] = redis.call('EXISTS', ring[1]) == 1 end
        whole = whole and there[ring[1]] and (at > 1 or redis.call('LPOS', ring[1], ring[2]))
      end
      if not whole then enter(id) end
    end
  end
end

-- A job that has not ended has an active slice at least, and is listed.
local function audit_job(job)
  local was = redis.call('HMGET', key.job(job), 'status', 'engine', 'slices', 'created_at', 'client')
  if not is_open(was[1]) then
    redis.call('ZREM', key.OPEN, job)
  elseif was[2] == queue then
    local client, some = was[5] or 'anonymous', false
    for _, set in ipairs(was[4] and {key.jobs(client), key.jobs_by_engine(queue, was[1], client)} or {}) do
      if redis.call('ZADD', set, 'NX', was[4], job) == 1 then touch_ttl(set) end
    end
    for number = 0, (tonumber(was[3]) or 1) - 1 do
      local id = job .. '-' .. number
      if is_open(redis.call('HGET', key.slice_(id), 'status')) then
        redis.call('ZADD', active, 'NX', tonumber(was[4]) or now, id)
        some = true
      else
        some = some or redis.call('ZSCORE', active, id)
      end
    end
    if not some then
      end_job(queue, job, 'failed', 'internal', "The store has lost what it knew of the job's progress: retry it.")
    end
  end
end

-- What all sets and listings have lost, before an audit saw that one of them had, only its record knows. Records are found
-- by going round all keys.
local function audit_records()
  local cursor = key.cursor(queue, 'records')
  local at = string.match(redis.call('GET', cursor) or '', '^%d+$') or '0'
  local found = redis.call('SCAN', at, 'MATCH', key.job('*'), 'COUNT', PIECE / 4)
  redis.call('SET', cursor, found[1], 'EX', RECORD_TTL)
  for _, name in ipairs(found[2]) do
    local job = string.match(name, ':(.*)$')
    if is_open(redis.call('HGET', name, 'status')) and not redis.call('ZSCORE', key.OPEN, job) then
      local was = redis.call('HMGET', name, 'created_at', 'engine')
      if was[2] == queue then
        redis.call('ZADD', key.OPEN, tonumber(was[1]) or now, job)
        audit_job(job)
      end
    end
  end
end

-- A callback that is still owed is in the outbox, and due when its record says: one that is on its way is not sent twice.
local function audit_callback(job)
  local owed = redis.call('HMGET', key.outbox(job), 'state', 'due')
  if owed[1] ~= 'pending' then return end
  if redis.call('ZADD', key.OUTBOX, 'NX', tonumber(owed[2]) or now, job) == 1 then touch_ttl(key.OUTBOX) end
end

if redis.call('SET', key.audited(queue), 1, 'NX', 'PX', AUDIT_EVERY) then
  local piece = piece_of(active, PIECE)
  for _, id in ipairs(piece) do audit_slice(id) end
  for _, id in ipairs(redis.call('ZRANGE', missing, 0, PIECE - 1)) do audit_slice(id) end
  audit_rings(piece)
  -- A ring that was lost and has been begun again lacks some. Whoever was in it comes to be among the oldest.
  for _, id in ipairs(redis.call('ZRANGE', waiting, 0, OLDEST - 1)) do
    if is_alive(queue, id) then enter(id) else unwait(queue, id) end
  end
  for _, job in ipairs(piece_of(key.OPEN, PIECE / 4)) do audit_job(job) end
  audit_records()
  for _, job in ipairs(piece_of(key.EXPIRING, PIECE)) do audit_callback(job) end
  for _, id in ipairs(piece) do
    local job = job_of(id)
    if job and not redis.call('ZSCORE', key.OPEN, job) and is_alive(queue, id) then
      redis.call('ZADD', key.OPEN, redis.call('ZSCORE', active, id), job)
    end
  end
  for _, name in ipairs({active, missing, delayed, waiting, key.OPEN, key.RQ_QUEUES}) do touch_ttl(name) end
end
refill(queue)
return again
