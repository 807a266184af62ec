-- Has a worker let go of what it has in hand.
-- ARGV 1 worker  2.. executions
redis.call('LPUSH', key.cancellations(ARGV[1]), unpack(ARGV, 2))
redis.call('EXPIRE', key.cancellations(ARGV[1]), 60)
