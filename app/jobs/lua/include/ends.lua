--- @include "clock"
--- @include "iso"
--- @include "status"
--- @include "events"
--- @include "rings"

-- Ends a slice that has not ended, wherever it is.
local function close(queue, slice, status)
  local id = slice.id
  if slice.status == 'running' then
    local execution = slice.execution or ''
    redis.call('ZREM', key.rq_leases(queue), id .. ':' .. execution)
    redis.call('DEL', key.rq_execution(id, execution), key.rq_executions(id))
  else
    redis.call('LREM', key.rq_queue(queue), 0, id)
    redis.call('ZREM', key.delayed(queue), id)
    unwait(queue, id)
  end
  write_slice(slice, {status = status})
  redis.call('ZREM', key.active(queue), id)
  redis.call('ZREM', key.missing(queue), id)
  slice.is_closed = true
  if not is_fresh(read_job(job_of(id))) then
    touch_ttl(key.slice_(id))
    touch_ttl(key.rq_job(id))
  end
  local new_fields = redis.call('HSET', key.rq_job(id), 'status', status, 'ended_at', iso())
  if new_fields == 2 then -- it had been lost
    redis.call('DEL', key.rq_job(id))
    return
  end
  local registry = key.rq_registry(status, queue)
  redis.call('ZADD', registry, now() + RESULT_TTL, id)
  touch_ttl(registry)
end

-- Ends a job, with other `fields` of its record, and all that is left of its slices, wherever they are; and lets its
-- client be called.
local function end_job(queue, job, status, fields)
  for number = 0, (tonumber(job.slices) or 1) - 1 do
    local slice = read_slice(job.id .. '-' .. number)
    if slice.status == 'running' and slice.worker then
      redis.call('LPUSH', key.cancellations(slice.worker), slice.execution or '')
      redis.call('EXPIRE', key.cancellations(slice.worker), ttl.cancellations)
    end
    if is_open(slice.status) then
      close(queue, slice, status)
    elseif not slice.is_closed then
      redis.call('ZREM', key.active(queue), slice.id) -- even where its record is gone
    end
  end
  local expires_at = now() + RESULT_TTL
  fields.finished_at, fields.expires_at = now(), expires_at
  set_status(job, status, fields)
  if not is_fresh(job) then touch_ttl(key.job(job.id)) end
  redis.call('DEL', key.pages(job.id), key.waiting_slices(job.id))
  redis.call('ZREM', key.OPEN, job.id)
  redis.call('ZADD', key.EXPIRING, expires_at, job.id)
  touch_ttl(key.EXPIRING)
  if job.confided then -- for a sweeper, where whoever ends the job is killed before it forgets them
    redis.call('SADD', key.ENDED_SECRETS, job.id)
    touch_ttl(key.ENDED_SECRETS)
  end
  if job.callback_url then
    write_hash(key.outbox(job.id), {schema = SCHEMA, job = job.id, url = job.callback_url, state = 'pending', attempts = 0,
      created_at = now(), due = now()})
    redis.call('EXPIRE', key.outbox(job.id), ttl.outbox)
    redis.call('ZADD', key.OUTBOX, now(), job.id)
    touch_ttl(key.OUTBOX)
    redis.call('LPUSH', key.OUTBOX_BELL, 1)
    redis.call('LTRIM', key.OUTBOX_BELL, 0, 0)
    redis.call('EXPIRE', key.OUTBOX_BELL, ttl.OUTBOX_BELL)
  end
  publish_event(job.id, 'status', 'status', status)
end
