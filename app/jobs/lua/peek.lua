--- @include "rings"
-- What is in RQ's list: who would have a lane now, if one were free. Downloads need none.
local found = {}
for _, id in ipairs(redis.call('LRANGE', key.rq_queue(args.queue), 0, READY + READY_TO_FETCH)) do
  local job = read_job(job_of(id), 'slice_pages')
  if not fetch_from(job) then
    local is_new = job.status and not job.slice_pages
    local name = job.id ~= '' and job.id or id
    found[#found + 1] = named({job = name, priority = job.priority or 'normal', new = is_new and 1 or 0})
  end
end
return found
