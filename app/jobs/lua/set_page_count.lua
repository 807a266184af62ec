-- Tells what was learned of a document: its pages, and which of this slice are stored already. The first time a document
-- of more than one slice gets the others.
-- ARGV 1 slice id  2 fence  3 execution id  4 queue  5 pages of the job  6 pages of a slice  7.. stored pages
-- Returns 1, or 0 where the slice is no longer the caller's
if not holds(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local job, queue, total, size = job_of(ARGV[1]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local record = key.job(job)
if redis.call('HEXISTS', record, 'slices') == 0 then
  local slices = math.max(1, math.ceil(total / size))
  redis.call('HSET', record, 'pages_total', total, 'slice_pages', size, 'slices', slices, 'slices_open', slices)
  for number = 1, slices - 1 do
    local id = job .. '-' .. number
    redis.call('HSET', key.slice_(id), 'schema', SCHEMA, 'id', id, 'job', job, 'status', 'queued')
    redis.call('HSETNX', key.slice_(id), 'fence', 0)
    redis.call('HDEL', key.slice_(id), 'attempts', 'crashes') -- of a life before a retry
    touch_ttl(key.slice_(id))
    redis.call('ZADD', key.active(queue), now, id)
    wait(queue, id, 'RPUSH')
  end
  refill(queue)
end
local done = tonumber(redis.call('HGET', record, 'pages_done')) or 0
if #ARGV > 6 then
  for at = 7, #ARGV do redis.call('SETBIT', key.pages(job), ARGV[at], 1) end
  touch_ttl(key.pages(job))
  -- Where the bitmap was lost the record knows of more pages than it does, and none of them is counted again.
  done = math.max(done, math.min(redis.call('BITCOUNT', key.pages(job)), total))
  redis.call('HSET', record, 'pages_done', done)
end
if redis.call('HSETNX', record, 'pages_since', now) == 1 and done > 0 then
  redis.call('HSET', record, 'pages_from', done) -- of a life before a retry
end
return 1
