--- @include "clock"
--- @include "records"
--- @include "entries"
-- The rings: where slices wait and order can still change. RQ's list is filled from them.

-- Entries that RQ's list is filled up to. Jobs whose document is yet to be downloaded have rings and entries of their own:
-- those that wait for a slow server are in nobody's way.
local READY, READY_TO_FETCH = 4, 2
local ORDERS = {{'high', 'normal', 'low'}, {'normal', 'high', 'low'}, {'low', 'normal', 'high'}}

-- The server that a job's document is yet to be downloaded from, or nothing.
local function fetch_from(job) return not job.slices and job.fetch_from end

-- The rings that the slices of a job wait in: the job's own, that of its client, that of its priority; in the rings of
-- downloads servers take turns as clients do. `client` is the name it has there.
local function rings_of(queue, job)
  local priority, client = job.priority or 'normal', job.client
  local server = fetch_from(job)
  if server then priority, client = 'fetch-' .. priority, server .. ' ' .. client end
  return {
    slices = key.waiting_slices(job.id),
    jobs = key.waiting_jobs(queue, priority, client),
    clients = key.waiting_clients(queue, priority),
    client = client,
  }
end

-- Lets a slice wait in the rings; LPUSH brings it before its job's other slices. A job is in its client's ring while it
-- has waiting slices, a client in that of the priority while it has such jobs.
local function wait(queue, id, command)
  if redis.call('ZADD', key.waiting(queue), 'NX', now(), id) == 0 then return end
  touch_ttl(key.waiting(queue))
  local job = read_job(job_of(id))
  local rings = rings_of(queue, job)
  if redis.call(command, rings.slices, id) == 1 then
    if redis.call('RPUSH', rings.jobs, job.id) == 1 then
      redis.call('LREM', rings.clients, 0, rings.client) -- it is there only where the ring of its jobs was lost
      redis.call('RPUSH', rings.clients, rings.client)
    end
    touch_ttl(rings.jobs)
    touch_ttl(rings.clients)
  end
  touch_ttl(rings.slices)
end

-- Takes a slice out of the rings, wherever it is in them.
local function leave(queue, id)
  local job = read_job(job_of(id))
  local rings = rings_of(queue, job)
  redis.call('LREM', rings.slices, 1, id)
  if redis.call('EXISTS', rings.slices) == 1 then return end
  redis.call('LREM', rings.jobs, 1, job.id)
  if redis.call('EXISTS', rings.jobs) == 0 then redis.call('LREM', rings.clients, 1, rings.client) end
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
  for index, priority in ipairs(ORDERS[1]) do rings[index] = key.waiting_clients(queue, kind .. priority) end
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

-- Fills RQ's list from the rings, with one slice of a job at most: a book does not stand in front of an invoice. Returns
-- whether anything waited.
local function refill(queue)
  if redis.call('EXISTS', key.waiting(queue)) == 0 then return false end
  local passed, there = {}, {[''] = 0, ['fetch-'] = 0}
  for _, id in ipairs(redis.call('LRANGE', key.rq_queue(queue), 0, 99)) do
    local job = job_of(id)
    local kind = fetch_from(read_job(job)) and 'fetch-' or ''
    passed[job], there[kind] = true, there[kind] + 1
  end
  for kind, places in pairs({[''] = READY, ['fetch-'] = READY_TO_FETCH}) do -- in any order: each has its own places
    for _ = there[kind] + 1, places do
      local id = take(queue, passed, kind)
      if not id then break end
      push(queue, id, 'RPUSH')
      passed[job_of(id)] = true
    end
  end
  return true
end
