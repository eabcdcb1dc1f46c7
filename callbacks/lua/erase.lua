-- The retention: the number goes first, the row later.
-- Arguments: id, whole (the record and its history, too).
-- Words: erased; illegal (still open).
if r.state ~= 'closed' then return answer('illegal', a.id) end
hang_up(a.id, r)
if a.whole then
  redis.call('DEL', record_key(a.id), record_key(a.id) .. ':history')
  redis.call('ZREM', key('callbacks:closed'), a.id)
  return answer('erased', a.id)
end
redis.call('HSET', record_key(a.id), 'number', '', 'matter', '', 'message', '{}')
a.entry.state = r.state
redis.call('RPUSH', record_key(a.id) .. ':history', cjson.encode(a.entry))
return answer('erased', a.id)
