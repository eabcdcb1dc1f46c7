-- Enter one finished call, once, with its counts.
-- KEYS: 1 record, 2 index by end, 3 totals.  ARGV: 1 record JSON, 2 end (epoch s), 3 call id, then pairs: field, increment.
-- Returns 1 when entered, 0 when this call was entered before (nothing is counted twice).
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
for i = 4, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[3], ARGV[i], ARGV[i + 1]) end
return 1
