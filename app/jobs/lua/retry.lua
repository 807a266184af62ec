-- Opens a job again that has ended with anything to do better. What is stored of it stays.
-- ARGV 1 job id  2 most jobs that may be open
-- Returns 'queued', 'open' where it has not ended, 'good' where nothing failed, 'full', or 'gone'
local job = ARGV[1]
local record = key.job(job)
local was = redis.call('HMGET', record, 'status', 'expires_at', 'page_errors', 'engine')
if not was[1] or not was[4] then return 'gone' end
if is_open(was[1]) then return 'open' end
if (tonumber(was[2]) or now) <= now then return 'gone' end
if was[1] == 'finished' and (was[3] or '0') == '0' then return 'good' end
if redis.call('ZCARD', key.OPEN) >= tonumber(ARGV[2]) then return 'full' end
local queue, id = was[4], job .. '-0'
redis.call('HDEL', record, 'error_code', 'error_message', 'page_errors', 'finished_at', 'expires_at', 'slices',
  'slice_pages', 'pages_from', 'pages_since', 'page_seconds')
set_status(job, 'queued')
redis.call('HSET', record, 'pages_done', 0, 'slices_open', 1)
redis.call('HDEL', key.slice_(id), 'attempts', 'crashes')
redis.call('HSET', key.slice_(id), 'schema', SCHEMA, 'id', id, 'job', job, 'status', 'queued')
redis.call('HSETNX', key.slice_(id), 'fence', 0)
redis.call('ZREM', key.EXPIRING, job)
redis.call('SREM', key.ENDED_SECRETS, job)
redis.call('ZREM', key.OUTBOX, job)
redis.call('DEL', key.outbox(job))
redis.call('ZADD', key.OPEN, now, job)
redis.call('ZADD', key.active(queue), now, id)
for _, name in ipairs({record, key.slice_(id), key.OPEN, key.active(queue)}) do touch_ttl(name) end
publish_event(job, 'status', 'status', 'queued')
wait(queue, id, 'RPUSH')
refill(queue)
return 'queued'
