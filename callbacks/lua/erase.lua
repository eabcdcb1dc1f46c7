-- The retention: the number (with the message) goes first, the row later.
-- Arguments: id, whole (the record and its history, too).
-- Words: erased; done (the number is gone already); illegal (still open).
if r.state ~= 'closed' then return answer('illegal', a.id) end
if r.number == '' and not a.whole then return answer('done', a.id) end
count('retention_deleted|' .. (a.whole and 'row' or 'number'))
hang_up(a.id, r)
local before = stands(r)
if a.whole then
  redis.call('DEL', record_key(a.id), record_key(a.id) .. ':history')
  index(a.id, before, {})
  return answer('erased', a.id)
end
r.number = ''
redis.call('HSET', record_key(a.id), 'number', '', 'matter', '', 'message', '{}')
index(a.id, before, stands(r))
a.entry.state = r.state
redis.call('RPUSH', record_key(a.id) .. ':history', cjson.encode(a.entry))
return answer('erased', a.id)
