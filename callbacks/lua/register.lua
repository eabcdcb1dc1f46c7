-- Store a request, or find the one that stands for the same matter and is still to be dialled.
-- Arguments: new_id, fields (the record), open_per_number.
-- Words: stored; merged (the id is the earlier one's); enough (as merged: this number has as many open ones as it may have).
local f = a.fields
local standing, word = redis.call('HGET', key('callbacks:matter'), f.matter), 'merged'
if not standing then
  local open, latest, created = 0, nil, 0
  for _, id in ipairs(redis.call('SMEMBERS', key('callbacks:of-number:' .. f.number))) do
    local one = load(id)
    if AHEAD[one.state] and one.protected == f.protected then  -- a protected one must not be told of by another
      open = open + 1
      if tonumber(one.created) >= created then latest, created = id, tonumber(one.created) end
    end
  end
  if open >= a.open_per_number then standing, word = latest, 'enough' end
end
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
