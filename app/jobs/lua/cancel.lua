--- @include "ends"
-- Ends a job that has not ended, wherever its slices are. Returns 1, or 0 where the job has ended or is unknown.
local job = read_job(args.job_id)
if not is_open(job.status) then return 0 end
local queue = job.engine or ''
end_job(queue, job, 'canceled', {error_code = 'canceled', error_message = args.message})
refill(queue) -- its slices may have stood in RQ's list
return 1
