-- Takes the next slice from the queue, or a given one, and leases it: it is never taken but not leased.
-- KEYS 1 rq queue  2 rq leases  3 active  4 events
-- ARGV 1 now  2 lease in seconds  3 worker  4 now, ISO  5 execution id  6 events kept  7 slice id, or '' for the next
--      8 seconds records are kept
-- Returns false, or {slice id, slice fields, job fields}
while true do
  local id = ARGV[7]
  if id == '' then
    id = redis.call('LPOP', KEYS[1])
    if not id then return false end
  else
    redis.call('LREM', KEYS[1], 0, id)
  end
  local slice, rq = 'slice:' .. id, 'rq:job:' .. id
  local was = redis.call('HMGET', slice, 'status', 'execution', 'job')
  local lost = was[1] == 'running' and not redis.call('ZSCORE', KEYS[2], id .. ':' .. (was[2] or ''))
  if was[1] == 'queued' or lost then -- any other entry is stale and is dropped
    local job = 'job:' .. was[3]
    local execution, executions = 'rq:execution:' .. id .. ':' .. ARGV[5], 'rq:executions:' .. id
    redis.call('HINCRBY', slice, 'fence', 1)
    redis.call('HSET', slice, 'status', 'running', 'worker', ARGV[3], 'execution', ARGV[5])
    redis.call('HSETNX', job, 'started_at', ARGV[1])
    if redis.call('HGET', job, 'status') == 'queued' then
      redis.call('HSET', job, 'status', 'running')
      redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'job', was[3], 'type', 'status', 'status', 'running')
      redis.call('EXPIRE', KEYS[4], ARGV[8])
    end
    redis.call('HSET', rq, 'status', 'started', 'started_at', ARGV[4], 'last_heartbeat', ARGV[4], 'worker_name', ARGV[3])
    redis.call('HSET', execution, 'id', ARGV[5], 'created_at', ARGV[1], 'last_heartbeat', ARGV[1], 'worker_name', ARGV[3])
    redis.call('EXPIRE', execution, 60)
    redis.call('ZADD', executions, ARGV[1] + 60, ARGV[5])
    redis.call('EXPIRE', executions, 120)
    redis.call('ZADD', KEYS[2], ARGV[1] + ARGV[2], id .. ':' .. ARGV[5])
    for _, key in ipairs({slice, job, rq, KEYS[2]}) do redis.call('EXPIRE', key, ARGV[8]) end
    return {id, redis.call('HGETALL', slice), redis.call('HGETALL', job)}
  end
  if was[1] ~= 'running' then redis.call('ZREM', KEYS[3], id) end
  if ARGV[7] ~= '' then return false end
end
