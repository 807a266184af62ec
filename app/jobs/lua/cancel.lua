-- Ends a job that has not ended, wherever its slices are.
-- ARGV 1 job id  2 message
-- Returns 1, or 0 where the job has ended or is unknown
local was = redis.call('HMGET', key.job(ARGV[1]), 'status', 'engine')
if not is_open(was[1]) then return 0 end
end_job(was[2] or '', ARGV[1], 'canceled', 'canceled', ARGV[2])
refill(was[2] or '') -- its slices may have stood in RQ's list
return 1
