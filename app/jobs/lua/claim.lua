-- Takes the next slice of a queue, or a given one, and leases it: it is never taken but not leased.
-- ARGV 1 queue  2 worker  3 execution id  4 slice id, or '' for the next
--      5 JSON {after: jobs whose slices are taken only where nothing else waits, fetch: whether documents may be
--        downloaded, busy: servers that none is downloaded from}
-- Returns false, or {slice id, slice fields, job fields, now}
local queue, worker, execution, given = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local list, leases = key.rq_queue(queue), key.rq_leases(queue)
local wanted, left, busy = cjson.decode(ARGV[5]), {}, {}
for _, job in ipairs(wanted.after) do left[job] = true end
for _, host in ipairs(wanted.busy) do busy[host] = true end
local limited = not wanted.fetch or #wanted.busy > 0

local function may(job)
  if not limited then return true end
  local host = fetch_from(job)
  return not host or (wanted.fetch and not busy[host])
end

local function next_entry()
  local most = limited and -1 or READY + READY_TO_FETCH
  local entries, last = redis.call('LRANGE', list, 0, most), nil
  if #entries == 0 then -- a worker of RQ's may have emptied it
    refill(queue)
    entries = redis.call('LRANGE', list, 0, most)
  end
  for _, id in ipairs(entries) do
    local job = job_of(id) or ''
    if may(job) then
      if not left[job] then return id end
      last = last or id
    end
  end
  if not last and limited and wanted.fetch then -- the entries are of busy servers: others may wait behind them
    last = take(queue, {}, 'fetch-', wanted.busy)
    if last then push(queue, last, 'RPUSH') end
  end
  return last
end

while true do
  local id = given ~= '' and given or next_entry()
  if not id then return false end
  redis.call('LREM', list, 1, id)
  local slice = key.slice_(id)
  local alive = is_alive(queue, id)
  local was = redis.call('HMGET', slice, 'status', 'execution')
  local lost = was[1] == 'running' and not redis.call('ZSCORE', leases, id .. ':' .. (was[2] or ''))
  if alive and (was[1] == 'queued' or lost) then -- any other entry is stale and is dropped
    unwait(queue, id) -- others may name or enqueue it wherever it stands
    redis.call('ZREM', key.delayed(queue), id)
    local job, rq = key.job(job_of(id)), key.rq_job(id)
    local run, runs = key.rq_execution(id, execution), key.rq_executions(id)
    redis.call('HINCRBY', slice, 'fence', 1)
    redis.call('HSET', slice, 'status', 'running', 'worker', worker, 'execution', execution)
    if redis.call('HGET', job, 'status') == 'queued' then
      set_status(job_of(id), 'running')
      redis.call('HSETNX', job, 'started_at', now)
      publish_event(job_of(id), 'status', 'status', 'running')
    end
    local at = iso()
    redis.call('HSET', rq, 'status', 'started', 'started_at', at, 'last_heartbeat', at, 'worker_name', worker)
    redis.call('HSET', run, 'id', execution, 'created_at', now, 'last_heartbeat', now, 'worker_name', worker)
    redis.call('EXPIRE', run, 60)
    redis.call('ZADD', runs, now + 60, execution)
    redis.call('EXPIRE', runs, 120)
    redis.call('ZADD', leases, now + LEASE, id .. ':' .. execution)
    for _, name in ipairs({slice, job, rq, leases}) do touch_ttl(name) end
    refill(queue)
    return {id, redis.call('HGETALL', slice), redis.call('HGETALL', job), string.format('%.6f', now)}
  end
  if given ~= '' then return false end
end
