-- Counts a stored page, once.
-- ARGV 1 slice id  2 fence  3 queue  4 page number  5 its error's code, or ''
-- Returns 1, or 0 where the slice is no longer the caller's
if not holds(ARGV[1], ARGV[2]) then return 0 end
local job = job_of(ARGV[1])
if redis.call('SETBIT', key.pages(job), ARGV[4], 1) == 0 then
  local done = redis.call('HINCRBY', key.job(job), 'pages_done', 1)
  local total = redis.call('HGET', key.job(job), 'pages_total') or done
  tell(job, 'page', 'page', ARGV[4], 'error', ARGV[5], 'done', done, 'total', total)
end
keep(key.pages(job))
return 1
