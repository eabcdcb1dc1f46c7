-- A person has let a request lie: taken -> waiting, as it stands. Time passes for whoever looks, so it is judged here.
-- Arguments: id.
-- Words: ok; illegal (nobody has it, or the lease still runs).
if r.state ~= 'taken' or r.lease_until == '' or tonumber(r.lease_until) > now then return answer('illegal', a.id) end
write(a.id, r, {state = 'waiting', held_by = '', lease_until = '', stage = ''})
count('callback_lease_expired|' .. r.queue)
return answer('ok', a.id)
