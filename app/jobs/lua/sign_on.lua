--- @include "hashes"
--- @include "iso"
-- Says that a worker lives, and whether its engine can work: `state` is 'able', 'unavailable' with a `reason`, or nothing
-- while the engine starts. `fields` go into RQ's record of the worker.
local engine, name, time = args.engine, key.rq_worker(args.worker), iso()
redis.call('HSETNX', name, 'birth', time)
redis.call('HSET', name, 'last_heartbeat', time, 'queues', engine, unpack(named(args.fields)))
redis.call('EXPIRE', name, ttl.rq_worker)
redis.call('SADD', key.RQ_WORKERS, name)
redis.call('EXPIRE', key.RQ_WORKERS, ttl.RQ_WORKERS)
redis.call('SADD', key.rq_queue_workers(engine), name)
redis.call('EXPIRE', key.rq_queue_workers(engine), ttl.rq_queue_workers)
if not args.state then return end
redis.call('ZADD', key.ENGINES, now(), engine)
if args.state == 'able' then
  redis.call('ZADD', key.ENGINES_ABLE, now(), engine)
else
  redis.call('HSET', key.ENGINES_UNAVAILABLE, engine, args.reason)
end
redis.call('EXPIRE', key.ENGINES, ttl.ENGINES)
redis.call('EXPIRE', key.ENGINES_ABLE, ttl.ENGINES_ABLE)
redis.call('EXPIRE', key.ENGINES_UNAVAILABLE, ttl.ENGINES_UNAVAILABLE)
