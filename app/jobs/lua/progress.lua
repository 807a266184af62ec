-- Counts pages, for the holder of the slice only.
-- KEYS 1 job  2 slice  3 events
-- ARGV 1 fence  2 job id  3 events kept  4 'pages' or 'page'
--      pages: 5 total  6 done      page: 5 page number  6 its error's code, or ''
-- Returns 1, or 0 where the slice is no longer the caller's
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[1] or redis.call('HGET', KEYS[2], 'status') ~= 'running' then return 0 end
if ARGV[4] == 'pages' then
  redis.call('HSET', KEYS[1], 'pages_total', ARGV[5], 'pages_done', ARGV[6])
else
  redis.call('HINCRBY', KEYS[1], 'pages_done', 1)
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'job', ARGV[2], 'type', 'page', 'page', ARGV[5], 'error', ARGV[6])
end
return 1
