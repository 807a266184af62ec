--- @include "ends"
-- Ends a slice, and its job with it: when it is the last, or when it failed. Fenced: a late worker cannot overwrite a
-- newer one. Returns 'lost' where the slice is no longer the caller's, 'last' where the result is yet to be made, else
-- 'ended'.
local queue, failure = args.queue, args.error
local slice, job = held(args.claim, 'slices_open', 'attempts')
if not slice then return 'lost' end
local open = tonumber(job.slices_open)
if not open then -- lost: those of its slices that are active
  open = 0
  for number = 0, (tonumber(job.slices) or 1) - 1 do
    if redis.call('ZSCORE', key.active(queue), job.id .. '-' .. number) then open = open + 1 end
  end
  write_job(job, {slices_open = open})
end
if not failure and open == 1 and not args.page_errors then return 'last' end
local fields = {}
if args.attempted then
  write_slice(slice, {attempts = (tonumber(slice.attempts) or 0) + 1})
  fields.attempts = (tonumber(job.attempts) or 0) + 1
end
close(queue, slice, failure and 'failed' or 'finished')
if failure then
  fields.error_code, fields.error_message = failure.code, failure.message
  end_job(queue, job, 'failed', fields)
  refill(queue) -- its other slices may have stood in RQ's list
elseif open > 1 then
  fields.slices_open = open - 1
  write_job(job, fields)
else
  fields.slices_open, fields.page_errors = 0, args.page_errors or 0
  end_job(queue, job, 'finished', fields)
end
return 'ended'
