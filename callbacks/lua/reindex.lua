-- Check requests against the indexes and mend what is wrong; the record is the truth. It may be run at any time.
-- Arguments: ids, seen (the index they were found in, "" for none), numbers (where each was found under way; none otherwise).
-- Returns: how many places were mended.
local mended = 0

local function mend(name, id, score)
  local place = key('callbacks:' .. name)
  local stood = redis.call('ZSCORE', place, id) or nil
  if tonumber(stood or '') == tonumber(score or '') then return end
  if score then redis.call('ZADD', place, score, id) else redis.call('ZREM', place, id) end
  mended = mended + 1
end

for n, id in ipairs(a.ids) do
  local one, live, number = load(id), key('callbacks:live'), a.numbers[n]
  local at = one and stands(one) or {}
  if one and at['ready:' .. one.queue] and redis.call('ZSCORE', key('callbacks:held'), id) then
    at['ready:' .. one.queue], at.held = nil, one.not_before  -- it may be dialled by now: the next claim moves it
  end
  if a.seen ~= '' and not at[a.seen] then mend(a.seen, id, nil) end
  for name, score in pairs(at) do mend(name, id, score) end

  local is_live = one and one.number ~= '' and is_under_way(one)
  if is_live then mended = mended + redis.call('HSETNX', live, one.number, id) end
  if number and not (is_live and one.number == number) and redis.call('HGET', live, number) == id then
    mended = mended + redis.call('HDEL', live, number)
  end
end
if mended > 0 then count('reconcile_repairs|callback_index', mended) end
return mended
