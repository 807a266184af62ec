--- @include "alive"
--- @include "ends"
-- Brings back what nobody works on: expired leases, pauses that are over, and, by an audit, what is lost. Cheap enough for
-- every beat of every worker: what is looked through in one call is bounded, and only one caller in `ttl.audited` seconds audits.
-- `owner` is a worker whose leases have all ended, or nothing; others are judged with `leases`. Lost is what was in no
-- queue and held by no worker for `grace` seconds. Returns the slices that are queued again, each with the reason.
local BATCH = 100 -- leases and pauses in one call
local PIECE = 1000 -- active slices, as many ended jobs, and a quarter as many open ones, in one audit
local OLDEST = 100 -- of those that wait, in one audit

local queue, grace = args.queue, args.grace
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

local function bring_back(id, reason)
  redis.call('ZREM', missing, id)
  if not is_alive(queue, id) then return end
  write_slice(read_slice(id), {status = 'queued'})
  if not is_listed(id) then
    push(queue, id, 'LPUSH')
    listed[id] = true
  end
  again[#again + 1] = named({slice_id = id, reason = reason})
end

local function is_leased(id)
  local execution = read_slice(id).execution
  return execution and redis.call('ZSCORE', leases, id .. ':' .. execution)
end

if args.owner then
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    local id = string.match(lease, '^([^:]+)')
    if read_slice(id).worker == args.owner then
      redis.call('ZREM', leases, lease)
      bring_back(id, 'this worker held it when it last stopped')
    end
  end
end
if args.leases then
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now(), 'LIMIT', 0, BATCH)) do
    redis.call('ZREM', leases, lease)
    local id, execution = string.match(lease, '^([^:]+):(.*)$')
    local holder = read_slice(id).execution
    if not holder or holder == execution or not is_leased(id) then bring_back(id, 'its lease has expired') end
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now(), 'LIMIT', 0, BATCH)) do
  redis.call('ZREM', delayed, id)
  if not is_leased(id) then bring_back(id, 'its pause is over') end
end

-- Up to so many members of a sorted set, and on the next call those after them, round and round.
local function next_piece(set, count)
  local cursor = key.cursor(queue, set)
  local found = redis.call('ZSCAN', set, tonumber(redis.call('GET', cursor) or '') or 0, 'COUNT', count)
  redis.call('SET', cursor, found[1], 'EX', ttl.cursor)
  local members = {}
  for index = 1, #found[2], 2 do members[#members + 1] = found[2][index] end
  return members
end

-- The rings that a waiting slice stands in, each with the member.
local function places_of(id)
  local job = read_job(job_of(id))
  local rings = rings_of(queue, job)
  return {{rings.slices, id}, {rings.jobs, job.id}, {rings.clients, rings.client}}
end

local function enter(id)
  for _, place in ipairs(places_of(id)) do
    local ring, member = place[1], place[2]
    if not redis.call('LPOS', ring, member) then
      redis.call('RPUSH', ring, member)
      touch_ttl(ring)
    end
  end
end

-- What is in none of the sets is in the list, leased, on its way between two commands of RQ's, or lost.
local function audit_slice(id)
  local since = redis.call('ZSCORE', active, id)
  if not since or redis.call('ZSCORE', waiting, id) or redis.call('ZSCORE', delayed, id) or is_listed(id)
    or is_leased(id) or tonumber(since) > now() - grace then
    redis.call('ZREM', missing, id)
    return
  end
  redis.call('ZADD', missing, 'NX', now(), id)
  if tonumber(redis.call('ZSCORE', missing, id)) > now() - grace then return end
  leave(queue, id) -- it may stand in the rings, and only the set of those that do is lost
  bring_back(id, 'it was in no queue and held by no worker')
end

-- A ring that is lost: all that stood in it enter it again.
local function audit_rings(ids)
  local there = {}
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', waiting, id) then
      local is_whole = true
      for index, place in ipairs(places_of(id)) do
        local ring, member = place[1], place[2]
        if there[ring] == nil then there[ring] = redis.call('EXISTS', ring) == 1 end
        is_whole = is_whole and there[ring] and (index > 1 or redis.call('LPOS', ring, member))
      end
      if not is_whole then enter(id) end
    end
  end
end

-- A job that has not ended has an active slice at least, and is listed.
local function audit_job(id)
  local job = read_job(id)
  if not is_open(job.status) then
    redis.call('ZREM', key.OPEN, id)
  elseif job.engine == queue then
    local created_at, some = job.created_at, false
    for _, set in ipairs(created_at and {key.jobs(job.client), key.jobs_by_engine(queue, job.status, job.client)} or {}) do
      if redis.call('ZADD', set, 'NX', created_at, id) == 1 then touch_ttl(set) end
    end
    for number = 0, (tonumber(job.slices) or 1) - 1 do
      local slice = read_slice(id .. '-' .. number)
      if is_open(slice.status) then
        redis.call('ZADD', active, 'NX', tonumber(created_at) or now(), slice.id)
        some = true
      else
        some = some or redis.call('ZSCORE', active, slice.id)
      end
    end
    if not some then
      end_job(queue, job, 'failed', {
        error_code = 'internal', error_message = "The store has lost what it knew of the job's progress: retry it.",
      })
    end
  end
end

-- What all sets and listings have lost, before an audit saw that one of them had, only its record knows. Records are found
-- by going round all keys.
local function audit_records()
  local cursor = key.cursor(queue, 'records')
  local position = string.match(redis.call('GET', cursor) or '', '^%d+$') or '0'
  local found = redis.call('SCAN', position, 'MATCH', key.job('*'), 'COUNT', PIECE / 4)
  redis.call('SET', cursor, found[1], 'EX', ttl.cursor)
  for _, name in ipairs(found[2]) do
    local id = string.match(name, ':(.*)$')
    if is_open(redis.call('HGET', name, 'status')) and not redis.call('ZSCORE', key.OPEN, id) then
      local job = read_job(id)
      if job.engine == queue then
        redis.call('ZADD', key.OPEN, tonumber(job.created_at) or now(), id)
        audit_job(id)
      end
    end
  end
end

-- A callback that is still owed is in the outbox, and due when its record says: one that is on its way is not sent twice.
local function audit_callback(job)
  local owed = read_hash(key.outbox(job), {'state', 'due'})
  if owed.state ~= 'pending' then return end
  if redis.call('ZADD', key.OUTBOX, 'NX', tonumber(owed.due) or now(), job) == 1 then touch_ttl(key.OUTBOX) end
end

if redis.call('SET', key.audited(queue), 1, 'NX', 'EX', ttl.audited) then
  local piece = next_piece(active, PIECE)
  for _, id in ipairs(piece) do audit_slice(id) end
  for _, id in ipairs(redis.call('ZRANGE', missing, 0, PIECE - 1)) do audit_slice(id) end
  audit_rings(piece)
  -- A ring that was lost and has been begun again lacks some. Whoever was in it comes to be among the oldest.
  for _, id in ipairs(redis.call('ZRANGE', waiting, 0, OLDEST - 1)) do
    if is_alive(queue, id) then enter(id) else unwait(queue, id) end
  end
  for _, job in ipairs(next_piece(key.OPEN, PIECE / 4)) do audit_job(job) end
  audit_records()
  for _, job in ipairs(next_piece(key.EXPIRING, PIECE)) do audit_callback(job) end
  for _, id in ipairs(piece) do
    local job = job_of(id)
    if job ~= '' and not redis.call('ZSCORE', key.OPEN, job) and is_alive(queue, id) then
      redis.call('ZADD', key.OPEN, redis.call('ZSCORE', active, id), job)
    end
  end
  local shared = {active, missing, delayed, waiting, list, leases, key.OPEN, key.EVENTS, key.RQ_QUEUES}
  for _, name in ipairs(shared) do touch_ttl(name) end
end
refill(queue)
return again
