-- Ends a slice, and its job with it: when it is the last, or when it failed. Fenced: a late worker cannot overwrite a
-- newer one.
-- ARGV 1 slice id  2 fence  3 queue  4 now  5 now, ISO  6 1 where this run counts as an attempt
--      7 1 where the result is there  8 pages with errors  9 error code, or ''  10 error message
-- Returns 'lost' where the slice is no longer the caller's, 'last' where the result is yet to be made, else 'ended'
local id, queue, now, iso, code = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[9]
local execution = holds(id, ARGV[2])
if not execution then return 'lost' end
local job = job_of(id)
local record = key.job(job)
local open = tonumber(redis.call('HGET', record, 'slices_open'))
if code == '' and open == 1 and ARGV[7] == '0' then return 'last' end
if ARGV[6] == '1' then
  redis.call('HINCRBY', key.slice_(id), 'attempts', 1)
  redis.call('HINCRBY', record, 'attempts', 1)
end
close(queue, id, 'running', execution, code == '' and 'finished' or 'failed', now, iso)
if code ~= '' then
  end_job(job, 'failed', now, iso, code, ARGV[10])
  refill(queue, iso) -- its other slices may have stood in RQ's list
elseif open > 1 then
  redis.call('HINCRBY', record, 'slices_open', -1)
else
  redis.call('HSET', record, 'slices_open', 0, 'page_errors', ARGV[8])
  end_job(job, 'finished', now, iso, '', '')
end
return 'ended'
