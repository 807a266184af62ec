--- @include "freshness"

-- Sets the status of a job, with other `fields`, and lists the job under this status and no other. jobs:{client} lists it
-- whatever its status is.
local function set_status(job, status, fields)
  local before = job.status
  fields.status = status
  write_job(job, fields)
  local engine = job.engine or ''
  if before and before ~= status then redis.call('ZREM', key.jobs_by_engine(engine, before, job.client), job.id) end
  if not job.created_at then return end -- it cannot be read
  local listing = key.jobs_by_engine(engine, status, job.client)
  redis.call('ZADD', listing, job.created_at, job.id)
  touch_ttl(listing)
  if status == 'queued' or not (status == 'running' or is_fresh(job)) then touch_ttl(key.jobs(job.client)) end
end
