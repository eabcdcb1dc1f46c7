-- Take the earliest place that may be dialled now, and store the intent to dial it: waiting -> dialling.
-- Arguments: queue, attempt, lease_until, held_by, busy (numbers in a call, as keys), guard_until, tomorrow, midnight, number_a_day, an_hour.
-- Words: claimed; none; an_hour (the guard keeps every number back).
local LOOKS, PROMOTED = 20, 100
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('callbacks:held'), '-inf', a.now, 'LIMIT', 0, PROMOTED)) do
  local queue, place = unpack(redis.call('HMGET', record_key(id), 'queue', 'place'))
  redis.call('ZREM', key('callbacks:held'), id)
  redis.call('ZADD', key('callbacks:ready:' .. queue), place, id)
end
for _ = 1, LOOKS do
  local id = redis.call('ZRANGE', key('callbacks:ready:' .. a.queue), 0, 0)[1]
  if not id then return {'none', '', {}} end
  local one = load(id)
  local why = guarded(one)
  if why == 'an_hour' then
    count('dial_denied|an_hour')
    return {'an_hour', '', {}}
  end
  if not why then
    dial(id, one)
    return answer('claimed', id)
  end
  -- held back at its own place: it is dialled when the guard lets it
  if why ~= 'live' then count('dial_denied|' .. why) end
  redis.call('ZREM', key('callbacks:ready:' .. a.queue), id)
  local till = why == 'live' and a.guard_until or a.tomorrow
  redis.call('ZADD', key('callbacks:held'), till, id)
  redis.call('HSET', record_key(id), 'not_before', till)
end
return {'none', '', {}}
