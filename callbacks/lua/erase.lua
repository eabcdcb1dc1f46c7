-- The retention: the number (with the message) goes first, the row later.
-- Arguments: id, whole (the record and its history, too).
-- Words: erased; done (the number is gone already); illegal (still open).
if r.state ~= 'closed' then return answer('illegal', a.id) end
if redis.call('ZREM', key('callbacks:numbered'), a.id) == 0 and not a.whole then return answer('done', a.id) end
count('retention_deleted|' .. (a.whole and 'row' or 'number'))
redis.call('ZREM', key('callbacks:closed-of-number:' .. r.number), a.id)
if a.whole then
  redis.call('DEL', record_key(a.id), record_key(a.id) .. ':history')
  redis.call('ZREM', key('callbacks:closed'), a.id)
  return {'erased', a.id, {}}
end
redis.call('HSET', record_key(a.id), 'number', '', 'matter', '', 'message', '{}')
a.entry.state = r.state
redis.call('RPUSH', record_key(a.id) .. ':history', cjson.encode(a.entry))
return answer('erased', a.id)
