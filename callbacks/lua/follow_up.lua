-- A follow-up is done: noted, and the next one is due. With `fields` a late owner's request lapses to the list of others, too.
-- Arguments: id, seen (the token of the record that `fields` was made of), followed (how many were done before), next (epoch s or ""), fields.
-- Words: ok; done (somebody else has done it); illegal (closed); fenced.
if r.state == 'closed' then return answer('illegal', a.id) end
if tonumber(r.followed) ~= a.followed then return answer('done', a.id) end
if tostring(a.seen) ~= r.token then return fenced(a.id) end
local fields = a.fields
fields.followed, fields.follow_up_at = a.followed + 1, a.next
write(a.id, r, fields)
return answer('ok', a.id)
