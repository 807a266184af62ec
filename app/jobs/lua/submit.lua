-- Accepts a job: idempotency, record, first slice and queue entry in one step. No event: nobody can follow it yet.
-- KEYS 1 job  2 slice  3 rq job  4 rq queue  5 rq:queues  6 active  7 idempotency key
-- ARGV 1 job id  2 slice id  3 now  4 idempotency ttl ('' = no key)  5 fingerprint  6 seconds records are kept
--      7.. three hashes, each as its count of words and the words: job, slice, rq job
-- Returns {'created' | 'replayed' | 'conflict', job id, status}
if redis.call('EXISTS', KEYS[1]) == 1 then return {'created', ARGV[1], 'queued'} end -- sent again after a lost answer
if ARGV[4] ~= '' then
  local old = redis.call('HMGET', KEYS[7], 'job', 'fingerprint')
  if old[1] then
    if old[2] ~= ARGV[5] then return {'conflict', old[1], ''} end
    return {'replayed', old[1], redis.call('HGET', 'job:' .. old[1], 'status') or ''}
  end
  redis.call('HSET', KEYS[7], 'schema', 1, 'job', ARGV[1], 'fingerprint', ARGV[5])
  redis.call('EXPIRE', KEYS[7], ARGV[4])
end
local at = 7
for key = 1, 3 do
  local words = tonumber(ARGV[at])
  redis.call('HSET', KEYS[key], unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
redis.call('ZADD', KEYS[6], ARGV[3], ARGV[2])
redis.call('SADD', KEYS[5], KEYS[4])
redis.call('RPUSH', KEYS[4], ARGV[2])
for key = 1, 6 do redis.call('EXPIRE', KEYS[key], ARGV[6]) end
return {'created', ARGV[1], 'queued'}
