-- An attempt has ended: dialling or talking -> what the policy says. A request that was closed meanwhile only gets the result.
-- Arguments: id, token, attempt, result (of the figures; "" for a withdrawn one), rang (whether the citizen's phone may have rung),
--   state, reason, outcome, not_before, place, counts, busy.
-- Words: settled; illegal; fenced.
if r.attempt ~= a.attempt or r.settled == a.attempt then return answer('illegal', a.id) end
if r.state ~= 'closed' and (not LIVE[r.state] or not legal(r, a.state)) then return answer('illegal', a.id) end
hang_up(a.id, r)
if not a.rang then give_back(a.attempt, r) end
a.entry.attempt, a.entry.result, a.entry.reason = a.attempt, a.result, a.reason
if a.result ~= '' then count('callback_attempts|' .. r.queue .. '|' .. a.result) end
r.settled = a.attempt
redis.call('HSET', record_key(a.id), 'settled', a.attempt, 'last_result', a.result)
if a.rang then redis.call('HSET', record_key(a.id), 'tried_at', a.now) end
if r.state == 'closed' then
  note(a.id, r)
  return answer('settled', a.id)
end
if a.counts then redis.call('HINCRBY', record_key(a.id), 'attempts', 1) end
if a.busy then redis.call('HINCRBY', record_key(a.id), 'busies', 1) end
if a.state == 'waiting' and r.wish ~= '' then
  a.entry.outcome = r.wish
  close(a.id, r, r.wish, r.wish_reason or '')
elseif a.state == 'closed' then
  a.entry.outcome = a.outcome
  close(a.id, r, a.outcome, a.reason)
else
  local fields = {state = a.state, lease_until = '', stage = '', reason = a.reason}
  if a.state == 'waiting' then
    fields.held_by = ''
    if a.not_before ~= '' then fields.not_before = a.not_before end
    if r.place ~= '' and a.place ~= '' then fields.place = a.place end
  end
  write(a.id, r, fields)
end
return answer('settled', a.id)
