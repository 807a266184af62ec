--- @include "events"
-- Counts a stored page, once. Returns the seconds that the job's pages have taken so far, or nothing where the slice is no
-- longer the caller's.
local slice, job = held(args.claim, 'pages_done', 'pages_total', 'page_seconds')
if not slice then return false end
local done, seconds = tonumber(job.pages_done) or 0, tonumber(job.page_seconds) or 0
if redis.call('SETBIT', key.pages(job.id), args.page, 1) == 0 then
  done, seconds = done + 1, seconds + args.seconds
  write_job(job, {pages_done = done, page_seconds = seconds})
  publish_event(job.id, 'page', 'page', args.page, 'error', args.error or '', 'done', done, 'total', job.pages_total or done)
end
touch_ttl(key.pages(job.id))
return string.format('%.6f', seconds)
