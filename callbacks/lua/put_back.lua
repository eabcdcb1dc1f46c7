-- Back to who waits: released, postponed, given to a handler or function, lapsed; and by a person's choice what nobody knew the end of.
-- Arguments: id, seen (the token of the record that `fields` was made of), from (who must have it now; "*" for whoever), fields (what
--   changes: times, owner and what follows from whose it is, lists …).
-- Words: ok; taken_by; illegal; fenced.
if r.state ~= 'waiting' and not legal(r, 'waiting') or LIVE[r.state] then return answer('illegal', a.id) end
if r.held_by ~= '' and a.from ~= '*' and r.held_by ~= a.from then return answer('taken_by', a.id) end
if tostring(a.seen) ~= r.token then return fenced(a.id) end
local fields = a.fields
fields.state, fields.held_by, fields.lease_until, fields.stage = 'waiting', '', '', ''
fields.token = r.token + 1  -- who has read it before must read it again
write(a.id, r, fields)
return answer('ok', a.id)
