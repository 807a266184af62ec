-- Ends a slice, and its job with it: when it is the last, or when it failed. Fenced: a late worker cannot overwrite a
-- newer one.
-- ARGV 1 slice id  2 fence  3 execution id  4 queue  5 1 where this run counts as an attempt
--      6 1 where the result is there  7 pages with errors  8 error code, or ''  9 error message
-- Returns 'lost' where the slice is no longer the caller's, 'last' where the result is yet to be made, else 'ended'
local id, execution, queue, code = ARGV[1], ARGV[3], ARGV[4], ARGV[8]
if not holds(id, ARGV[2], execution) then return 'lost' end
local job = job_of(id)
local record = key.job(job)
local open = tonumber(redis.call('HGET', record, 'slices_open'))
if not open then -- lost: those of its slices that are active
  open = 0
  for number = 0, (tonumber(redis.call('HGET', record, 'slices')) or 1) - 1 do
    if redis.call('ZSCORE', key.active(queue), job .. '-' .. number) then open = open + 1 end
  end
  redis.call('HSET', record, 'slices_open', open)
end
if code == '' and open == 1 and ARGV[6] == '0' then return 'last' end
if ARGV[5] == '1' then
  redis.call('HINCRBY', key.slice_(id), 'attempts', 1)
  redis.call('HINCRBY', record, 'attempts', 1)
end
close(queue, id, 'running', execution, code == '' and 'finished' or 'failed')
if code ~= '' then
  end_job(queue, job, 'failed', code, ARGV[9])
  refill(queue) -- its other slices may have stood in RQ's list
elseif open > 1 then
  redis.call('HINCRBY', record, 'slices_open', -1)
else
  redis.call('HSET', record, 'slices_open', 0, 'page_errors', ARGV[7])
  end_job(queue, job, 'finished', '', '')
end
return 'ended'
