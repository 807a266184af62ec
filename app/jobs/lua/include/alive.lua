--- @include "events"
--- @include "slices"

-- Forgets a slice whose job's record is gone: nobody can ask for it any more. Its blobs are swept as nobody's.
local function forget(queue, id)
  local slice, job = read_slice(id), string.match(id, '^(.*)-%d+$') or id
  if slice.execution then redis.call('ZREM', key.rq_leases(queue), id .. ':' .. slice.execution) end
  redis.call('LREM', key.rq_queue(queue), 0, id)
  for _, set in ipairs({key.active(queue), key.missing(queue), key.delayed(queue), key.waiting(queue)}) do
    redis.call('ZREM', set, id)
  end
  redis.call('DEL', key.slice_(id), key.rq_job(id), key.pages(job), key.waiting_slices(job))
  slices_read[id] = nil
  redis.call('ZREM', key.OPEN, job)
  redis.call('SADD', key.ENDED_SECRETS, job) -- it may have had some
  touch_ttl(key.ENDED_SECRETS)
  if is_open(slice.status) then publish_event(job, 'status', 'status', 'failed') end -- who follows it finds it gone
end

-- Whether there is anything to do for a slice of the queue, which is not or no longer in hand. One whose record is lost
-- gets another: what it knew is how often it was tried. One whose job is lost is forgotten.
local function is_alive(queue, id)
  local slice, job = read_slice(id), read_job(job_of(id))
  if is_open(slice.status) and is_open(job.status) then return true end
  if not job.status and (slice.status or redis.call('ZSCORE', key.active(queue), id)) then
    forget(queue, id)
  elseif not slice.status and is_open(job.status) and redis.call('ZSCORE', key.active(queue), id) then
    make_slice(id, true)
    return true
  else
    redis.call('ZREM', key.active(queue), id)
    redis.call('ZREM', key.missing(queue), id)
  end
  return false
end
