--- @include "rings"
--- @include "alive"
--- @include "status"
-- Takes the next slice of a queue, or a given one, and leases it: it is never taken but not leased.
local queue, list = args.queue, key.rq_queue(args.queue)
local later, busy = {}, {}
for _, job in ipairs(args.after) do later[job] = true end
for _, host in ipairs(args.busy) do busy[host] = true end
local limited = not args.fetch or #args.busy > 0

local function is_allowed(job)
  local host = limited and fetch_from(job)
  return not host or (args.fetch and not busy[host])
end

-- The first entry whose job may be worked on; one of the jobs `after` only where there is no other.
local function choose()
  local last = limited and -1 or READY + READY_TO_FETCH
  local entries, chosen = redis.call('LRANGE', list, 0, last), nil
  if #entries == 0 and refill(queue) then entries = redis.call('LRANGE', list, 0, last) end
  for _, id in ipairs(entries) do
    local job = read_job(job_of(id))
    if is_allowed(job) then
      if not later[job.id] then return id end
      chosen = chosen or id
    end
  end
  if not chosen and limited and args.fetch then -- the entries are of busy servers: others may wait behind them
    chosen = take(queue, {}, 'fetch-', args.busy)
    if chosen then push(queue, chosen, 'RPUSH') end
  end
  return chosen
end

-- Takes an entry out of the list: the one asked for, even if it is not there, or the next.
local function pop()
  if not args.slice_id and not limited and #args.after == 0 then
    return redis.call('LPOP', list) or (refill(queue) and redis.call('LPOP', list)) -- RQ's workers may have emptied it
  end
  local id = args.slice_id or choose()
  if id then redis.call('LREM', list, 1, id) end
  return id
end

local function claim(slice, job)
  local id, execution, time = slice.id, args.execution, string.format('%.6f', now())
  local fence = (tonumber(slice.fence) or 0) + 1
  write_slice(slice, {status = 'running', fence = fence, worker = args.worker, execution = execution})
  if job.status == 'queued' then
    set_status(job, 'running', {started_at = job.started_at or time})
    publish_event(job.id, 'status', 'status', 'running')
  end
  local rq, run, runs = key.rq_job(id), key.rq_execution(id, execution), key.rq_executions(id)
  local new_fields = redis.call('HSET', rq, 'status', 'started', 'started_at', iso(), 'last_heartbeat', iso(),
    'worker_name', args.worker)
  if new_fields == 4 or not is_fresh(job) then touch_ttl(rq) end -- with all four new, it had been lost
  redis.call('HSET', run, 'id', execution, 'created_at', time, 'last_heartbeat', time, 'worker_name', args.worker)
  redis.call('EXPIRE', run, ttl.rq_execution)
  redis.call('ZADD', runs, now() + ttl.rq_execution, execution)
  redis.call('EXPIRE', runs, ttl.rq_executions)
  redis.call('ZADD', key.rq_leases(queue), now() + LEASE, id .. ':' .. execution)
  touch_ttl(key.rq_leases(queue))
  if not is_fresh(job) then
    touch_ttl(key.slice_(id))
    touch_ttl(key.job(job.id))
  end
  return named({id = id, slice = named(slice), job = named(job), now = time})
end

while true do
  local id = pop()
  if not id then return false end
  local job = know_job(job_of(id), read_whole_hash(key.job(job_of(id)))) -- all of it, for the answer
  local alive, slice = is_alive(queue, id), read_slice(id)
  local is_lost = slice.status == 'running'
    and not redis.call('ZSCORE', key.rq_leases(queue), id .. ':' .. (slice.execution or ''))
  if alive and (slice.status == 'queued' or is_lost) then -- any other entry is stale and is dropped
    local others_wait = redis.call('EXISTS', key.waiting(queue)) == 1
    if others_wait then unwait(queue, id) end -- others may name or enqueue it wherever it is
    redis.call('ZREM', key.delayed(queue), id)
    local claimed = claim(slice, job)
    if others_wait then refill(queue) end
    return claimed
  end
  if args.slice_id then return false end
end
