-- Close with an outcome. While a phone may be rung it is only wished for: whoever dials takes the attempt back, and `settle` closes.
-- Arguments: id, outcome, reason, from (who must have it now; "*" for whoever), successor (id and fields of the request that goes on from
--   this one, stored in the same moment; one that stands for the same matter already is the successor; may be left out).
-- Words: closed; wished (withdraw the attempt); taken_by; illegal; rings (the citizen's phone is rung: too late).
local QUIET = {cancelled = true, called_in = true, merged = true}
if not legal(r, 'closed') then return answer('illegal', a.id) end
if r.held_by ~= '' and a.from ~= '*' and r.held_by ~= a.from then return answer('taken_by', a.id) end
if r.state == 'dialling' then
  if not QUIET[a.outcome] or RANG[r.stage] then return answer('rings', a.id) end
  a.entry.outcome = a.outcome
  write(a.id, r, {wish = a.outcome, wish_reason = a.reason})
  return answer('wished', a.id)
end
a.entry.outcome, a.entry.reason = a.outcome, a.reason
close(a.id, r, a.outcome, a.reason)
if a.successor then
  local fields = a.successor.fields
  local standing = same_matter(fields)
  redis.call('HSET', record_key(a.id), 'followed_by', standing or a.successor.id)
  if not standing then
    a.entry.act, a.entry.outcome, a.entry.reason = 'registered', nil, nil
    write(a.successor.id, {}, fields)
    count('callbacks_requested|' .. fields.queue .. '|' .. fields.source)
  end
end
return answer('closed', a.id)
