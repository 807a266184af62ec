-- Says that a worker lives, and whether its engine can work.
-- ARGV 1 worker  2 engine  3 'able', 'unavailable', or '' while the engine starts  4 why it cannot work, or ''
--      5.. fields of RQ's record of the worker
local engine, name, heard = ARGV[2], key.rq_worker(ARGV[1]), iso()
redis.call('HSETNX', name, 'birth', heard)
redis.call('HSET', name, 'last_heartbeat', heard, 'queues', engine, unpack(ARGV, 5))
redis.call('EXPIRE', name, 60)
for _, names in ipairs({key.RQ_WORKERS, key.rq_queue_workers(engine)}) do
  redis.call('SADD', names, name)
  redis.call('EXPIRE', names, NAMES_KEPT)
end
if ARGV[3] == '' then return end
redis.call('ZADD', key.ENGINES, now, engine)
if ARGV[3] == 'able' then
  redis.call('ZADD', key.ENGINES_ABLE, now, engine)
else
  redis.call('HSET', key.ENGINES_UNAVAILABLE, engine, ARGV[4])
end
for _, names in ipairs({key.ENGINES, key.ENGINES_ABLE, key.ENGINES_UNAVAILABLE}) do redis.call('EXPIRE', names, NAMES_KEPT) end
