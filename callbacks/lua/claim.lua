-- Take the earliest place that may be dialled now, and store the intent to dial it: waiting -> dialling.
-- Arguments: queue, attempt, lease_until, held_by, busy (numbers in a call, as keys), guard_until, tomorrow, midnight, number_a_day, an_hour.
-- Words: claimed; none; an_hour (the guard keeps every number back); more (a script is kept short: ask again). All but `claimed` are not
-- remembered by the operation's id: they have claimed nothing.
local LOOKS, PROMOTED = 20, 200
local due = redis.call('ZRANGEBYSCORE', key('callbacks:held'), '-inf', a.now, 'LIMIT', 0, PROMOTED)
for _, id in ipairs(due) do
  local one = load(id)
  redis.call('ZREM', key('callbacks:held'), id)
  if one then index(id, {}, stands(one)) end
end
if #due == PROMOTED then return {'more', '', {}} end  -- the earliest place may be among those that are still held
local ready = key('callbacks:ready:' .. a.queue)
for _ = 1, LOOKS do
  local id = redis.call('ZRANGE', ready, 0, 0)[1]
  if not id then return {'none', '', {}} end
  local one = load(id)
  local why = one and guarded(one)
  if why == 'an_hour' then
    count('dial_denied|an_hour')
    return {'an_hour', '', {}}
  end
  if one and not why then
    dial(id, one)
    return answer('claimed', id)
  end
  redis.call('ZREM', ready, id)
  if one then  -- held back at its own place: it is dialled when the guard lets it
    if why ~= 'live' then count('dial_denied|' .. why) end
    local till = why == 'live' and a.guard_until or a.tomorrow
    redis.call('ZADD', key('callbacks:held'), till, id)
    redis.call('HSET', record_key(id), 'not_before', till)
  end
end
return {'more', '', {}}
