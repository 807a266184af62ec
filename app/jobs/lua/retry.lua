--- @include "events"
--- @include "rings"
--- @include "slices"
--- @include "status"
-- Opens a job again that has ended with anything to do better. What is stored of it stays. Returns 'queued', 'open' where
-- it has not ended, 'good' where nothing failed, 'full', or 'gone'.
local job = read_job(args.job_id, 'expires_at', 'page_errors')
if not job.status or not job.engine then return 'gone' end
if is_open(job.status) then return 'open' end
if (tonumber(job.expires_at) or now()) <= now() then return 'gone' end
if job.status == 'finished' and (job.page_errors or '0') == '0' then return 'good' end
if redis.call('ZCARD', key.OPEN) >= args.max_open then return 'full' end
local queue, slice_id = job.engine, job.id .. '-0'
redis.call('HDEL', key.job(job.id), 'error_code', 'error_message', 'page_errors', 'finished_at', 'expires_at', 'slices',
  'slice_pages', 'pages_from', 'pages_since', 'page_seconds')
job.slices = nil
set_status(job, 'queued', {pages_done = 0, slices_open = 1})
touch_ttl(key.job(job.id))
make_slice(slice_id, false)
redis.call('ZREM', key.EXPIRING, job.id)
redis.call('SREM', key.ENDED_SECRETS, job.id)
redis.call('ZREM', key.OUTBOX, job.id)
redis.call('DEL', key.outbox(job.id))
redis.call('ZADD', key.OPEN, now(), job.id)
redis.call('ZADD', key.active(queue), now(), slice_id)
touch_ttl(key.OPEN)
touch_ttl(key.active(queue))
publish_event(job.id, 'status', 'status', 'queued')
wait(queue, slice_id, 'RPUSH')
refill(queue)
return 'queued'
