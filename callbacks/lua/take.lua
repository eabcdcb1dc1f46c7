-- A person works on it from now on: waiting -> taken, or taken -> taken when it is handed over by its holder or whoever leads.
-- Arguments: id, to (who has it then), lease_until, from (who must have it now; "" for nobody, "*" for whoever).
-- Words: ok; taken_by; illegal.
if not legal(r, 'taken') then return answer('illegal', a.id) end
if r.held_by ~= '' and r.held_by ~= a.to and a.from ~= '*' and r.held_by ~= a.from then return answer('taken_by', a.id) end
write(a.id, r, {state = 'taken', held_by = a.to, token = r.token + 1, lease_until = a.lease_until})
return answer('ok', a.id)
