-- Takes the next slice of a queue, or a given one, and leases it: it is never taken but not leased.
-- ARGV 1 queue  2 worker  3 execution id  4 slice id, or '' for the next
--      5.. jobs whose slices are taken only where nothing else waits
-- Returns false, or {slice id, slice fields, job fields, now}
local queue, worker, execution, given = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local list, leases = key.rq_queue(queue), key.rq_leases(queue)
local left = {}
for at = 5, #ARGV do left[ARGV[at]] = true end

local function next_entry()
  local entries = redis.call('LRANGE', list, 0, READY)
  if #entries == 0 then -- a worker of RQ's may have emptied it
    refill(queue)
    entries = redis.call('LRANGE', list, 0, READY)
  end
  for _, id in ipairs(entries) do
    if not left[job_of(id) or ''] then return id end
  end
  return entries[1]
end

while true do
  local id = given ~= '' and given or next_entry()
  if not id then return false end
  redis.call('LREM', list, 1, id)
  local slice = key.slice_(id)
  local was = redis.call('HMGET', slice, 'status', 'execution', 'job')
  local lost = was[1] == 'running' and not redis.call('ZSCORE', leases, id .. ':' .. (was[2] or ''))
  if was[1] == 'queued' or lost then -- any other entry is stale and is dropped
    unwait(queue, id) -- others may name or enqueue it wherever it stands
    redis.call('ZREM', key.delayed(queue), id)
    local job, rq = key.job(was[3]), key.rq_job(id)
    local run, runs = key.rq_execution(id, execution), key.rq_executions(id)
    redis.call('HINCRBY', slice, 'fence', 1)
    redis.call('HSET', slice, 'status', 'running', 'worker', worker, 'execution', execution)
    if redis.call('HGET', job, 'status') == 'queued' then
      redis.call('HSET', job, 'status', 'running')
      redis.call('HSETNX', job, 'started_at', now)
      tell(was[3], 'status', 'status', 'running')
    end
    local at = iso()
    redis.call('HSET', rq, 'status', 'started', 'started_at', at, 'last_heartbeat', at, 'worker_name', worker)
    redis.call('HSET', run, 'id', execution, 'created_at', now, 'last_heartbeat', now, 'worker_name', worker)
    redis.call('EXPIRE', run, 60)
    redis.call('ZADD', runs, now + 60, execution)
    redis.call('EXPIRE', runs, 120)
    redis.call('ZADD', leases, now + LEASE, id .. ':' .. execution)
    for _, name in ipairs({slice, job, rq, leases}) do keep(name) end
    refill(queue)
    return {id, redis.call('HGETALL', slice), redis.call('HGETALL', job), string.format('%.6f', now)}
  end
  if was[1] ~= 'running' then redis.call('ZREM', key.active(queue), id) end
  if given ~= '' then return false end
end
