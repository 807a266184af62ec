-- Has a worker drop executions that it is working on.
redis.call('LPUSH', key.cancellations(args.worker), unpack(args.executions))
redis.call('EXPIRE', key.cancellations(args.worker), ttl.cancellations)
