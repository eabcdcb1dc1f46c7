-- Store a request, or find the one that stands for the same matter and is still to be dialled.
-- Arguments: new_id, fields (the record), open_per_number.
-- Words: stored; merged (the id is the earlier one's); enough (as merged: this number has as many open ones as it may have).
local f = a.fields
if redis.call('EXISTS', record_key(a.new_id)) == 1 then return answer('stored', a.new_id) end

local open, latest, same = 0, nil, nil
for _, id in ipairs(redis.call('ZRANGE', key('callbacks:of-number:' .. f.number), 0, -1)) do
  local one = load(id)
  if one and AHEAD[one.state] then
    if one.matter == f.matter then same = same or id end
    if one.protected == f.protected then  -- a protected one must not be told of by another
      open = open + 1
      if not latest or tonumber(one.created) >= tonumber(latest.created) then latest = one end
    end
  end
end
local standing, word = same, 'merged'
if not standing and open >= a.open_per_number then standing, word = latest.id, 'enough' end

if not standing then
  write(a.new_id, {}, f)
  count('callbacks_requested|' .. f.queue .. '|' .. f.source)
  return answer('stored', a.new_id)
end
local one = load(standing)
local better = {asked = one.asked + 1}
if f.place ~= '' and one.place ~= '' and tonumber(f.place) < tonumber(one.place) then better.place = f.place end
if tonumber(f.due) < tonumber(one.due) then better.due, better.follow_up_at, better.followed = f.due, f.follow_up_at, 0 end
a.entry.act = 'asked_again'
write(standing, one, better)
if word == 'enough' then count('callbacks_rejected|' .. f.queue .. '|open_per_number') end
return answer(word, standing)
