-- What stands in RQ's list: who would have a lane now, if one were free. Downloads need none.
-- ARGV 1 queue
-- Returns for each entry {job id, priority, 1 where its job is not yet prepared}
local line = {}
for _, id in ipairs(redis.call('LRANGE', key.rq_queue(ARGV[1]), 0, READY + READY_TO_FETCH)) do
  local job = job_of(id) or id
  local was = redis.call('HMGET', key.job(job), 'status', 'slice_pages', 'priority')
  if not fetch_from(job) then line[#line + 1] = {job, was[3] or 'normal', was[1] and not was[2] and 1 or 0} end
end
return line
