-- Counts a stored page, once.
-- ARGV 1 slice id  2 fence  3 queue  4 page number  5 its error's code, or ''  6 seconds of work
-- Returns the seconds that the job's pages took so far, or nothing where the slice is no longer the caller's
if not holds(ARGV[1], ARGV[2]) then return false end
local job = job_of(ARGV[1])
local record, seconds = key.job(job), nil
if redis.call('SETBIT', key.pages(job), ARGV[4], 1) == 0 then
  local done = redis.call('HINCRBY', record, 'pages_done', 1)
  seconds = redis.call('HINCRBYFLOAT', record, 'page_seconds', ARGV[6])
  local total = redis.call('HGET', record, 'pages_total') or done
  tell(job, 'page', 'page', ARGV[4], 'error', ARGV[5], 'done', done, 'total', total)
end
keep(key.pages(job))
return seconds or redis.call('HGET', record, 'page_seconds') or '0'
