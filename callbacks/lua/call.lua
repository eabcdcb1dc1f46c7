-- A person rings the citizen of a request he or she has taken: taken -> dialling.
-- Arguments: id, attempt, lease_until, held_by, busy, midnight, number_a_day, an_hour.
-- Words: claimed; taken_by (somebody else has it); illegal; live, number_a_day, an_hour (the guard's).
if not legal(r, 'dialling') or r.state ~= 'taken' then return answer('illegal', a.id) end
if r.held_by ~= a.held_by then return answer('taken_by', a.id) end
local why = guarded(r)
if why then
  if why ~= 'live' then count('dial_denied|' .. why) end
  return answer(why, a.id)
end
dial(a.id, r)
return answer('claimed', a.id)
