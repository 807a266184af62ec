-- What the scripts share; it stands in front of each of them. From Python come `key` (the builders of app/jobs/keys.py)
-- and the constants RESULT_TTL, RECORD_TTL, TOMBSTONE, LEASE, EVENTS_KEPT, SCHEMA, RUN_SLICE and NAMES_KEPT.

local TIME = redis.call('TIME')
local now = TIME[1] + TIME[2] / 1000000 -- the store's clock is the only one: those of APIs and workers may be wrong

-- Entries that RQ's list is filled up to; all else waits in the rings, where order can still change. Jobs whose document
-- is yet to be downloaded have rings and entries of their own: those that wait for a slow server are in nobody's way.
local READY, READY_TO_FETCH = 4, 2
local ORDERS = {{'high', 'normal', 'low'}, {'normal', 'high', 'low'}, {'low', 'normal', 'high'}}

local function keep(name) redis.call('EXPIRE', name, RECORD_TTL) end

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

local function tell(job, kind, ...)
  redis.call('XADD', key.EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*', 'job', job, 'type', kind, ...)
  if kind == 'status' then keep(key.EVENTS) end -- pages come between two of them
end

-- The fence: whether the slice is still in the hands of the one who claimed it. A store that was rolled back (a replica
-- that was behind, a restored copy) gives out the same number again, but never the same execution.
local function holds(id, fence, execution)
  local slice = redis.call('HMGET', key.slice_(id), 'status', 'fence', 'execution')
  return slice[1] == 'running' and slice[2] == fence and slice[3] == execution
end

-- Puts a slice into RQ's list, as an ordinary job of RQ's; `side` is LPUSH or RPUSH.
local function push(queue, id, side)
  local at = iso()
  local call = string.format('["%s",null,["%s"],{"schema":%d}]', RUN_SLICE, id, SCHEMA)
  redis.call('HSET', key.rq_job(id), 'status', 'queued', 'data', call, 'origin', queue, 'created_at', at,
    'enqueued_at', at, 'description', RUN_SLICE .. "('" .. id .. "')", 'timeout', -1,
    'result_ttl', RESULT_TTL, 'failure_ttl', RESULT_TTL)
  keep(key.rq_job(id))
  redis.call(side, key.rq_queue(queue), id)
  keep(key.rq_queue(queue))
end

-- Lets a slice wait in the rings; LPUSH brings it before its job's other slices. A job is in its client's ring while it
-- has waiting slices, a client in that of the priority while it has such jobs.
local function wait(queue, id, side)
  if redis.call('ZADD', key.waiting(queue), 'NX', now, id) == 0 then return end
  keep(key.waiting(queue))
  local job = job_of(id)
  local priority, client = whose(job)
  local slices, jobs = key.waiting_slices(job), key.waiting_jobs(queue, priority, client)
  local clients = key.waiting_clients(queue, priority)
  if redis.call(side, slices, id) == 1 then
    if redis.call('RPUSH', jobs, job) == 1 then redis.call('RPUSH', clients, client) end
    keep(jobs)
    keep(clients)
  end
  keep(slices)
end

-- Takes a slice out of the rings, wherever it stands.
local function unwait(queue, id)
  if redis.call('ZREM', key.waiting(queue), id) == 0 then return end
  local job = job_of(id)
  local priority, client = whose(job)
  local slices, jobs = key.waiting_slices(job), key.waiting_jobs(queue, priority, client)
  local clients = key.waiting_clients(queue, priority)
  redis.call('LREM', slices, 1, id)
  if redis.call('EXISTS', slices) == 1 then return end
  redis.call('LREM', jobs, 1, job)
  if redis.call('EXISTS', jobs) == 0 then redis.call('LREM', clients, 1, client) end
end

-- The next slice from the rings: by priority, with a fifth of the turns beginning elsewhere so that none starves; then
-- clients in turn, and the jobs of a client in turn. Jobs in `passed` are passed over. `kind` is '' or, for downloads,
-- 'fetch-'; then servers in the list `busy` are passed over, too.
local function take(queue, passed, kind, busy)
  local rings, skip = {}, {}
  for at, priority in ipairs(ORDERS[1]) do rings[at] = key.waiting_clients(queue, kind .. priority) end
  if redis.call('EXISTS', unpack(rings)) == 0 then return end
  for _, host in ipairs(busy or {}) do skip[host] = true end
  local turn = redis.call('INCR', key.turns(queue))
  keep(key.turns(queue))
  local order = ORDERS[turn % 10 == 0 and 3 or turn % 10 == 5 and 2 or 1]
  for _, priority in ipairs(order) do
    local clients = key.waiting_clients(queue, kind .. priority)
    for _, client in ipairs(redis.call('LRANGE', clients, 0, READY + #(busy or {}))) do
      local jobs = key.waiting_jobs(queue, kind .. priority, client)
      for _, job in ipairs(skip[string.match(client, '^%S+')] and {} or redis.call('LRANGE', jobs, 0, READY)) do
        if not passed[job] then
          local slices = key.waiting_slices(job)
          local id = redis.call('LPOP', slices)
          -- To the end of the ring and then from its front: a ring that is empty in between would lose its TTL.
          if redis.call('EXISTS', slices) == 1 then redis.call('RPUSH', jobs, job) end
          redis.call('LREM', jobs, 1, job)
          if redis.call('EXISTS', jobs) == 1 then redis.call('RPUSH', clients, client) end
          redis.call('LREM', clients, 1, client)
          if id then redis.call('ZREM', key.waiting(queue), id) end
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
  for _, id in ipairs(redis.call('LRANGE', key.rq_queue(queue), 0, -1)) do
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
  if was ~= 'queued' and was ~= 'running' then return end
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
  keep(slice)
  redis.call('ZREM', key.active(queue), id)
  redis.call('ZREM', key.missing(queue), id)
  if redis.call('EXISTS', key.rq_job(id)) == 0 then return end
  redis.call('HSET', key.rq_job(id), 'status', status, 'ended_at', iso())
  redis.call('EXPIRE', key.rq_job(id), RESULT_TTL)
  local registry = key.rq_registry(status, queue)
  redis.call('ZADD', registry, now + RESULT_TTL, id)
  redis.call('ZREMRANGEBYSCORE', registry, '-inf', now)
  keep(registry)
end

-- Ends a job with all that is left of its slices, wherever they are, and lets its client be called.
local function end_job(job, status, code, message)
  local record = key.job(job)
  local was = redis.call('HMGET', record, 'engine', 'slices', 'callback_url', 'confided')
  for number = 0, (tonumber(was[2]) or 1) - 1 do
    local id = job .. '-' .. number
    local slice = redis.call('HMGET', key.slice_(id), 'status', 'worker', 'execution')
    if slice[1] == 'running' then
      redis.call('LPUSH', key.dropped(slice[2]), slice[3])
      redis.call('EXPIRE', key.dropped(slice[2]), 60)
    end
    close(was[1], id, slice[1], slice[3], status)
  end
  redis.call('HSET', record, 'status', status, 'finished_at', now, 'expires_at', now + RESULT_TTL)
  if code ~= '' then redis.call('HSET', record, 'error_code', code, 'error_message', message) end
  keep(record)
  redis.call('DEL', key.pages(job), key.waiting_slices(job))
  redis.call('ZREM', key.OPEN, job)
  redis.call('ZADD', key.EXPIRING, now + RESULT_TTL, job)
  keep(key.EXPIRING)
  if was[4] then -- for a sweeper, where whoever ends the job is killed before it forgets them
    redis.call('SADD', key.ENDED_SECRETS, job)
    keep(key.ENDED_SECRETS)
  end
  if was[3] then
    redis.call('HSET', key.outbox(job), 'schema', 1, 'job', job, 'url', was[3], 'state', 'pending', 'attempts', 0,
      'created_at', now)
    redis.call('EXPIRE', key.outbox(job), RESULT_TTL)
    redis.call('ZADD', key.OUTBOX, now, job)
    keep(key.OUTBOX)
    redis.call('LPUSH', key.OUTBOX_BELL, 1)
    redis.call('LTRIM', key.OUTBOX_BELL, 0, 0)
    redis.call('EXPIRE', key.OUTBOX_BELL, 60)
  end
  tell(job, 'status', 'status', status)
end
