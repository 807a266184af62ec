-- Counts a stored page, once.
-- ARGV 1 slice id  2 fence  3 execution id  4 queue  5 page number  6 its error's code, or ''  7 seconds of work
-- Returns the seconds that the job's pages took so far, or nothing where the slice is no longer the caller's
if not holds(ARGV[1], ARGV[2], ARGV[3]) then return false end
local job = job_of(ARGV[1])
local record, seconds = key.job(job), nil
if redis.call('SETBIT', key.pages(job), ARGV[5], 1) == 0 then
  local done = redis.call('HINCRBY', record, 'pages_done', 1)
  seconds = redis.call('HINCRBYFLOAT', record, 'page_seconds', ARGV[7])
  local total = redis.call('HGET', record, 'pages_total') or done
  publish_event(job, 'page', 'page', ARGV[5], 'error', ARGV[6], 'done', done, 'total', total)
end
touch_ttl(key.pages(job))
return seconds or redis.call('HGET', record, 'page_seconds') or '0'
