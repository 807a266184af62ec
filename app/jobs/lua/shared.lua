-- What the scripts share; it stands in front of each of them. From Python come `key` (the builders of app/redis/keys.py)
-- and the constants RESULT_TTL, RECORD_TTL, TOMBSTONE, LEASE, EVENTS_KEPT, SCHEMA, RUN_SLICE and NAMES_KEPT.

-- A key that others have overwritten, or a number in it, costs the job it belongs to and nothing else: it is removed, and
-- what is lost is treated as lost. Keys of one word may be another application's: there the error stands.
local server = redis
local redis = {}
function redis.call(...)
  local answer = server.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local _, name, field = ...
  if string.find(answer.err, 'WRONGTYPE', 1, true) and string.find(name, ':', 1, true) then
    server.call('DEL', name)
  elseif string.find(answer.err, 'hash value is not', 1, true) or string.find(answer.err, 'would overflow', 1, true) then
    server.call('HDEL', name, field)
  elseif string.find(answer.err, 'value is not an integer', 1, true) then
    server.call('DEL', name)
  end
  return server.call(...)
end

local TIME = server.call('TIME')
local now = TIME[1] + TIME[2] / 1000000 -- the store's clock is the only one: those of APIs and workers may be wrong

-- Entries that RQ's list is filled up to; all else waits in the rings, where order can still change. Jobs whose document
-- is yet to be downloaded have rings and entries of their own: those that wait for a slow server are in nobody's way.
local READY, READY_TO_FETCH = 4, 2
local ORDERS = {{'high', 'normal', 'low'}, {'normal', 'high', 'low'}, {'low', 'normal', 'high'}}

local function touch_ttl(name) redis.call('EXPIRE', name, RECORD_TTL) end

-- Now in UTC, in the form that RQ uses: 2026-01-31T12:00:00.123456Z. The Lua of a store has no os.date.
-- The date is that of https://howardhinnant.github.io/date_algorithms.html#civil_from_days.
local function iso()
  local floor, seconds = math.floor, tonumber(TIME[1])
  local day = floor(seconds / 86400) + 719468 -- days since 0000-03-01
  local era = floor(day / 146097)
  day = day - era * 146097
  local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
  day = day - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * day + 2) / 153) -- since March
  day = day - floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', year, month, day, floor(seconds / 3600) % 24,
    floor(seconds / 60) % 60, seconds % 60, tonumber(TIME[2]))
end

-- The server that a job's document is yet to be downloaded from, or nothing.
local function fetch_from(job)
  local found = redis.call('HMGET', key.job(job), 'fetch_from', 'slices')
  return not found[2] and found[1]
end

-- The rings a job waits in: that of its priority, and there that of its client; in the rings of downloads servers take
-- turns as clients do.
local function whose(job)
  local found = redis.call('HMGET', key.job(job), 'priority', 'client', 'fetch_from', 'slices')
  local priority, client = found[1] or 'normal', found[2] or 'anonymous'
  if found[3] and not found[4] then return 'fetch-' .. priority, found[3] .. ' ' .. client end
  return priority, client
end

local function job_of(id) return string.match(id, '^(.*)-%d+$') end

local function is_open(status) return status == 'queued' or status == 'running' end

local function publish_event(job, kind, ...)
  redis.call('XADD', key.EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', 'job', job, 'type', kind, ...)
  if kind == 'status' then touch_ttl(key.EVENTS) end -- pages come between two of them
end

-- Sets the status of a job, and lists it under that one and no other; `jobs:{client}` lists it whatever its status is.
local function set_status(job, status)
  local record = key.job(job)
  local was = redis.call('HMGET', record, 'status', 'engine', 'client', 'created_at')
  local engine, client = was[2] or '', was[3] or 'anonymous'
  redis.call('HSET', record, 'status', status)
  if was[1] and was[1] ~= status then redis.call('ZREM', key.jobs_by_engine(engine, was[1], client), job) end
  if not was[4] then return end -- it cannot be read
  local set = key.jobs_by_engine(engine, status, client)
  redis.call('ZADD', set, was[4], job)
  touch_ttl(set)
  if status ~= 'running' then touch_ttl(key.jobs(client)) end -- it is accepted or ended
end

-- The fence: whether the slice is still in the hands of the one who claimed it. A store that was rolled back (a replica
-- that was behind, a restored copy) gives out the same number again, but never the same execution.
local function holds(id, fence, execution)
  local slice = redis.call('HMGET', key.slice_(id), 'status', 'fence', 'execution')
  if slice[1] ~= 'running' or slice[2] ~= fence or slice[3] ~= execution then return false end
  return is_open(redis.call('HGET', key.job(job_of(id)), 'status'))
end

-- Puts a slice into RQ's list, as an ordinary job of RQ's; `side` is LPUSH or RPUSH.
local function push(queue, id, side)
  local at = iso()
  local call = string.format('["%s",null,["%s"],{"schema":%d}]', RUN_SLICE, id, SCHEMA)
  redis.call('HSET', key.rq_job(id), 'status', 'queued', 'data', call, 'origin', queue, 'created_at', at,
    'enqueued_at', at, 'description', RUN_SLICE .. "('" .. id .. "')", 'timeout', -1,
    'result_ttl', RESULT_TTL, 'failure_ttl', RESULT_TTL)
  touch_ttl(key.rq_job(id))
  redis.call(side, key.rq_queue(queue), id)
  touch_ttl(key.rq_queue(queue))
end

-- Lets a slice wait in the rings; LPUSH brings it before its job's other slices. A job is in its client's ring while it
-- has waiting slices, a client in that of the priority while it has such jobs.
local function wait(queue, id, side)
  if redis.call('ZADD', key.waiting(queue), 'NX', now, id) == 0 then return end
  touch_ttl(key.waiting(queue))
  local job = job_of(id)
  local priority, client = whose(job)
  local slices, jobs = key.waiting_slices(job), key.waiting_jobs(queue, priority, client)
  local clients = key.waiting_clients(queue, priority)
  if redis.call(side, slices, id) == 1 then
    if redis.call('RPUSH', jobs, job) == 1 then
      redis.call('LREM', clients, 0, client) -- it is there only where the ring of its jobs was lost
      redis.call('RPUSH', clients, client)
    end
    touch_ttl(jobs)
    touch_ttl(clients)
  end
  touch_ttl(slices)
end

-- Takes a slice out of the rings, wherever it stands.
local function leave(queue, id)
  local job = job_of(id)
  local priority, client = whose(job)
  local slices, jobs = key.waiting_slices(job), key.waiting_jobs(queue, priority, client)
  local clients = key.waiting_clients(queue, priority)
  redis.call('LREM', slices, 1, id)
  if redis.call('EXISTS', slices) == 1 then return end
  redis.call('LREM', jobs, 1, job)
  if redis.call('EXISTS', jobs) == 0 then redis.call('LREM', clients, 1, client) end
end

local function unwait(queue, id)
  if redis.call('ZREM', key.waiting(queue), id) == 1 then leave(queue, id) end
end

-- The next slice from the rings: by priority, with a fifth of the turns beginning elsewhere so that none starves; then
-- clients in turn, and the jobs of a client in turn. Jobs in `passed` are passed over. `kind` is '' or, for downloads,
-- 'fetch-'; then servers in the list `busy` are passed over, too.
local take
function take(queue, passed, kind, busy)
  local rings, skip = {}, {}
  for at, priority in ipairs(ORDERS[1]) do rings[at] = key.waiting_clients(queue, kind .. priority) end
  if redis.call('EXISTS', unpack(rings)) == 0 then return end
  for _, host in ipairs(busy or {}) do skip[host] = true end
  local turn = redis.call('INCR', key.turns(queue))
  touch_ttl(key.turns(queue))
  local order = ORDERS[turn % 10 == 0 and 3 or turn % 10 == 5 and 2 or 1]
  for _, priority in ipairs(order) do
    local clients = key.waiting_clients(queue, kind .. priority)
    for _, client in ipairs(redis.call('LRANGE', clients, 0, READY + #(busy or {}))) do
      local jobs = key.waiting_jobs(queue, kind .. priority, client)
      if redis.call('EXISTS', jobs) == 0 then -- it was lost
        redis.call('LREM', clients, 0, client)
        return take(queue, passed, kind, busy)
      end
      for _, job in ipairs(skip[string.match(client, '^%S+')] and {} or redis.call('LRANGE', jobs, 0, READY)) do
        if not passed[job] then
          local slices = key.waiting_slices(job)
          local id = redis.call('LPOP', slices)
          -- To the end of the ring and then from its front: a ring that is empty in between would lose its TTL.
          if redis.call('EXISTS', slices) == 1 then redis.call('RPUSH', jobs, job) end
          redis.call('LREM', jobs, 1, job)
          if redis.call('EXISTS', jobs) == 1 then redis.call('RPUSH', clients, client) end
          redis.call('LREM', clients, 1, client)
          if not id then return take(queue, passed, kind, busy) end -- its slices are gone: it has just left the ring
          redis.call('ZREM', key.waiting(queue), id)
          return id
        end
      end
    end
  end
end

-- Fills RQ's list from the rings, with one slice of a job at most: a book does not stand in front of an invoice.
local function refill(queue)
  if redis.call('EXISTS', key.waiting(queue)) == 0 then return end
  local passed, there = {}, {[''] = 0, ['fetch-'] = 0}
  for _, id in ipairs(redis.call('LRANGE', key.rq_queue(queue), 0, 99)) do
    local job = job_of(id) or ''
    local kind = fetch_from(job) and 'fetch-' or ''
    passed[job], there[kind] = true, there[kind] + 1
  end
  for kind, most in pairs({[''] = READY, ['fetch-'] = READY_TO_FETCH}) do -- in any order: each has its own places
    for _ = there[kind] + 1, most do
      local id = take(queue, passed, kind)
      if not id then break end
      push(queue, id, 'RPUSH')
      passed[job_of(id)] = true
    end
  end
end

-- Ends a slice, unless it `was` ended; wherever it is.
local function close(queue, id, was, execution, status)
  if not is_open(was) then return end
  local slice = key.slice_(id)
  if was == 'running' then
    redis.call('ZREM', key.rq_leases(queue), id .. ':' .. execution)
    redis.call('DEL', key.rq_execution(id, execution), key.rq_executions(id))
  else
    redis.call('LREM', key.rq_queue(queue), 0, id)
    redis.call('ZREM', key.delayed(queue), id)
    unwait(queue, id)
  end
  redis.call('HSET', slice, 'status', status)
  touch_ttl(slice)
  redis.call('ZREM', key.active(queue), id)
  redis.call('ZREM', key.missing(queue), id)
  if redis.call('EXISTS', key.rq_job(id)) == 0 then return end
  redis.call('HSET', key.rq_job(id), 'status', status, 'ended_at', iso())
  redis.call('EXPIRE', key.rq_job(id), RESULT_TTL)
  local registry = key.rq_registry(status, queue)
  redis.call('ZADD', registry, now + RESULT_TTL, id)
  redis.call('ZREMRANGEBYSCORE', registry, '-inf', now)
  touch_ttl(registry)
end

-- Ends a job with all that is left of its slices, wherever they are, and lets its client be called.
local function end_job(queue, job, status, code, message)
  local record = key.job(job)
  local was = redis.call('HMGET', record, 'slices', 'callback_url', 'confided')
  for number = 0, (tonumber(was[1]) or 1) - 1 do
    local id = job .. '-' .. number
    local slice = redis.call('HMGET', key.slice_(id), 'status', 'worker', 'execution')
    if slice[1] == 'running' then
      redis.call('LPUSH', key.cancellations(slice[2]), slice[3])
      redis.call('EXPIRE', key.cancellations(slice[2]), 60)
    end
    close(queue, id, slice[1], slice[3], status)
    redis.call('ZREM', key.active(queue), id) -- even where its record is gone
  end
  set_status(job, status)
  redis.call('HSET', record, 'finished_at', now, 'expires_at', now + RESULT_TTL)
  if code ~= '' then redis.call('HSET', record, 'error_code', code, 'error_message', message) end
  touch_ttl(record)
  redis.call('DEL', key.pages(job), key.waiting_slices(job))
  redis.call('ZREM', key.OPEN, job)
  redis.call('ZADD', key.EXPIRING, now + RESULT_TTL, job)
  touch_ttl(key.EXPIRING)
  if was[3] then -- for a sweeper, where whoever ends the job is killed before it forgets them
    redis.call('SADD', key.ENDED_SECRETS, job)
    touch_ttl(key.ENDED_SECRETS)
  end
  if was[2] then
    redis.call('HSET', key.outbox(job), 'schema', 1, 'job', job, 'url', was[2], 'state', 'pending', 'attempts', 0,
      'created_at', now, 'due', now)
    redis.call('EXPIRE', key.outbox(job), RESULT_TTL)
    redis.call('ZADD', key.OUTBOX, now, job)
    touch_ttl(key.OUTBOX)
    redis.call('LPUSH', key.OUTBOX_BELL, 1)
    redis.call('LTRIM', key.OUTBOX_BELL, 0, 0)
    redis.call('EXPIRE', key.OUTBOX_BELL, 60)
  end
  publish_event(job, 'status', 'status', status)
end

-- Forgets a slice whose job's record is gone: nobody can ask for it any more. Its blobs are swept as nobody's.
local function forget(queue, id)
  local job, was = job_of(id) or id, redis.call('HMGET', key.slice_(id), 'status', 'execution')
  if was[2] then redis.call('ZREM', key.rq_leases(queue), id .. ':' .. was[2]) end
  redis.call('LREM', key.rq_queue(queue), 0, id)
  for _, set in ipairs({key.active(queue), key.missing(queue), key.delayed(queue), key.waiting(queue)}) do
    redis.call('ZREM', set, id)
  end
  redis.call('DEL', key.slice_(id), key.rq_job(id), key.pages(job), key.waiting_slices(job))
  redis.call('ZREM', key.OPEN, job)
  redis.call('SADD', key.ENDED_SECRETS, job) -- it may have had some
  touch_ttl(key.ENDED_SECRETS)
  if is_open(was[1]) then publish_event(job, 'status', 'status', 'failed') end -- those who follow it look, and find it gone
end

-- Whether there is anything to do for a slice of the queue, which is not or no longer in hand. One whose record is lost
-- gets another: what it knew is how often it was tried. One whose job is lost is forgotten.
local function is_alive(queue, id)
  local status = redis.call('HGET', key.slice_(id), 'status')
  local job = job_of(id)
  local of_job = job and redis.call('HGET', key.job(job), 'status')
  if is_open(status) and is_open(of_job) then return true end
  if not of_job and (status or redis.call('ZSCORE', key.active(queue), id)) then
    forget(queue, id)
  elseif not status and is_open(of_job) and redis.call('ZSCORE', key.active(queue), id) then
    redis.call('HSET', key.slice_(id), 'schema', SCHEMA, 'id', id, 'job', job, 'status', 'queued', 'fence', 0)
    touch_ttl(key.slice_(id))
    return true
  else
    redis.call('ZREM', key.active(queue), id)
    redis.call('ZREM', key.missing(queue), id)
  end
  return false
end
