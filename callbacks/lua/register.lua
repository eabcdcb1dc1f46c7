-- Store a request, once a call, merged with the open one about the same number and topic.
-- KEYS: 1 record, 2 open by due, 3 open by matter, 4 of this call, 5 open counts, 6 totals.
-- ARGV: 1 record JSON, 2 id, 3 due (epoch s), 4 `number|topic` or `number|topic|owner`, 5 `queue|source`, 6 `queue|state`, 7 life of the call's memory (s).
-- Returns the id under which the promise stands: this one's, or the earlier one's.
local known = redis.call('GET', KEYS[4]) or redis.call('HGET', KEYS[3], ARGV[4])
local standing = known or ARGV[2]
redis.call('SET', KEYS[4], standing, 'EX', ARGV[7])
if known then return standing end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[4], ARGV[2])
redis.call('HINCRBY', KEYS[5], ARGV[6], 1)
redis.call('HINCRBY', KEYS[6], 'callbacks_requested|' .. ARGV[5], 1)
return standing
