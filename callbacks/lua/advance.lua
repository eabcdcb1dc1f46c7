-- An attempt has come so far, and its lease is renewed; with the citizen's answer dialling -> talking.
-- Arguments: id, token, stage, lease_until, held_by (who has accepted; "" leaves it).
-- Words: ok; illegal; fenced.
local RANK = {[''] = 0, guide_up = 1, accepted = 2, citizen_up = 3}
if not LIVE[r.state] then return answer('illegal', a.id) end
local fields = {lease_until = a.lease_until}
if a.held_by ~= '' then fields.held_by = a.held_by end
if RANK[a.stage] > RANK[r.stage] then
  fields.stage = a.stage
  if a.stage == 'citizen_up' and legal(r, 'talking') then fields.state = 'talking' end
elseif not fields.held_by then  -- nothing but the lease: no line in the history
  redis.call('HSET', record_key(a.id), 'lease_until', a.lease_until)
  redis.call('ZADD', key('callbacks:leases'), a.lease_until, a.id)
  return answer('ok', a.id)
end
write(a.id, r, fields)
return answer('ok', a.id)
