-- Has a worker let go of executions that it has in hand.
redis.call('LPUSH', key.cancellations(args.worker), unpack(args.executions))
redis.call('EXPIRE', key.cancellations(args.worker), ttl.cancellations)
