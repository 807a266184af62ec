-- What stands in RQ's list: who would have a lane now, if one were free.
-- ARGV 1 queue
-- Returns for each entry {job id, priority, status of the job}
local line = {}
for _, id in ipairs(redis.call('LRANGE', key.rq_queue(ARGV[1]), 0, READY)) do
  local job = job_of(id) or id
  line[#line + 1] = {job, (whose(job)), redis.call('HGET', key.job(job), 'status') or ''}
end
return line
