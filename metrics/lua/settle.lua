-- Enter one finished call, once, with its counts, and who answered it for when the same number rings again.
-- KEYS: 1 record, 2 index by end, 3 totals, 4 the number's previous guide.
-- ARGV: 1 record JSON, 2 end (epoch s), 3 call id, 4 the guide ("" to note nobody), 5 noted until (epoch s), then pairs: field, increment.
-- Returns 1 when entered, 0 when this call was entered before (nothing is counted twice).
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
-- a call that is entered late does not displace a later one
if ARGV[4] ~= '' and redis.call('EXPIRETIME', KEYS[4]) < tonumber(ARGV[5]) then
  redis.call('SET', KEYS[4], ARGV[4], 'EXAT', ARGV[5])
end
for i = 6, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[3], ARGV[i], ARGV[i + 1]) end
return 1
