--- @include "iso"
--- @include "records"

-- Puts a slice into RQ's list, as an ordinary job of RQ's; `command` is LPUSH or RPUSH. The audits renew the list's time.
local function push(queue, id, command)
  local time = iso()
  local call = string.format('["%s",null,["%s"],{"schema":%d}]', RUN_SLICE, id, SCHEMA)
  redis.call('HSET', key.rq_job(id), 'status', 'queued', 'data', call, 'origin', queue, 'created_at', time,
    'enqueued_at', time, 'description', RUN_SLICE .. "('" .. id .. "')", 'timeout', -1,
    'result_ttl', RESULT_TTL, 'failure_ttl', RESULT_TTL)
  touch_ttl(key.rq_job(id))
  if redis.call(command, key.rq_queue(queue), id) == 1 then touch_ttl(key.rq_queue(queue)) end
end
