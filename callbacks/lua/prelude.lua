-- What the verbs share; each verb's file is run behind this text, which begins with LEGAL, rendered from callbacks/transitions.py.
-- KEYS: 1 the municipality's prefix, `kc:{slug}:`; every other name begins with it, so that all keys lie in one cluster slot.
-- ARGV: 1 JSON of the verb's arguments: `op` (the operation's id), `now` (epoch s), `entry` (the line of the history), and the verb's own.
-- Returns: word, id, and the record as it is now, a flat list of fields and values. An operation id that was seen before gives its first
-- word again and changes nothing.
local a = cjson.decode(ARGV[1])
local now = tonumber(a.now)
local OPERATION_SECONDS = 24 * 3600
local CHANGES_KEPT = 10000

local function key(name) return KEYS[1] .. name end
local function record_key(id) return key('callback:' .. id) end

local function load(id)
  local flat = redis.call('HGETALL', record_key(id))
  if #flat == 0 then return nil end
  local r = {}
  for i = 1, #flat, 2 do r[flat[i]] = flat[i + 1] end
  return r
end

local function answer(word, id)
  if a.op ~= '' then redis.call('SET', key('callback-op:' .. a.op), word .. '|' .. id, 'EX', OPERATION_SECONDS) end
  return {word, id, redis.call('HGETALL', record_key(id))}
end

local function count(field, amount) redis.call('HINCRBYFLOAT', key('callbacks:totals'), field, amount or 1) end

-- Which matters are still to be dialled: a later order for the same one is this one. After a talk it would be a new one.
local AHEAD = {waiting = true, taken = true, dialling = true}
-- In these an attempt may be on its way to the citizen's phone.
local LIVE = {dialling = true, talking = true}

-- Where a record stands: each index, a sorted set, with its score. The one place that says so.
local function stands(r)
  if r.state == 'closed' then
    local at = {closed = r.closed_at}
    -- who rings again hears who looked for him, and the retention finds what it has to erase, as long as the number is kept
    if r.number ~= '' then at.numbered, at['closed-of-number:' .. r.number] = r.closed_at, r.closed_at end
    return at
  end
  local at = {['of-number:' .. r.number] = r.due, ['open:' .. r.queue .. '|' .. r.state] = r.due}
  for list in string.gmatch(r.lists, '[^|]+') do at['due:' .. list] = r.due end
  if r.state == 'waiting' and r.in_queue == '1' then
    if tonumber(r.not_before) <= now then at['ready:' .. r.queue] = r.place ~= '' and r.place or r.not_before
    else at.held = r.not_before end
  end
  if r.lease_until ~= '' then at.leases = r.lease_until end
  if r.follow_up_at ~= '' then at['follow-up'] = r.follow_up_at end
  return at
end

local function index(id, before, after)
  for name in pairs(before) do
    if not after[name] then redis.call('ZREM', key('callbacks:' .. name), id) end
  end
  for name, score in pairs(after) do
    if before[name] ~= score then redis.call('ZADD', key('callbacks:' .. name), score, id) end
  end
end

-- Append-only. What a change stream tells of it holds no number either; who reads a list hears, too, when a request leaves it.
local function note(id, r, left)
  a.entry.state = r.state
  local line = cjson.encode(a.entry)
  redis.call('RPUSH', record_key(id) .. ':history', line)
  local lists = left and left .. '|' .. r.lists or r.lists
  redis.call('XADD', key('callbacks:changes'), 'MAXLEN', '~', CHANGES_KEPT, '*', 'id', id, 'lists', lists, 'entry', line)
end

-- Write `fields` over the record `r`, keep every index true, and note it. The state has been judged before.
local function write(id, r, fields)
  local left, before, flat = r.lists, {}, {}
  if r.state then
    before = stands(r)
    before.held, before['ready:' .. r.queue] = '', ''  -- its time may have come, and nobody has claimed since
  end
  for name, value in pairs(fields) do
    r[name] = tostring(value)
    flat[#flat + 1] = name
    flat[#flat + 1] = r[name]
  end
  redis.call('HSET', record_key(id), unpack(flat))
  index(id, before, stands(r))
  note(id, r, left)
end

local function close(id, r, outcome, reason)
  write(id, r, {
    state = 'closed', outcome = outcome, reason = reason, closed_at = a.now, lease_until = '', held_by = '', follow_up_at = '', wish = '',
  })
  count('callbacks_closed|' .. r.queue .. '|' .. outcome)
  local age = now - tonumber(r.created)
  local bucket = '+Inf'
  for _, bound in ipairs(AGE_BUCKETS) do if age <= bound then bucket = tostring(bound) break end end
  local labels = '|' .. r.queue .. '|' .. outcome
  count('callback_age_at_close_seconds_bucket' .. labels .. '|' .. bucket)
  count('callback_age_at_close_seconds_sum' .. labels, age)
end

-- An attempt that nobody has settled: its citizen's phone is this request's.
local function is_under_way(r) return r.attempt ~= '' and r.attempt ~= r.settled end

-- The citizen's phone is nobody's any more.
local function hang_up(id, r)
  if redis.call('HGET', key('callbacks:live'), r.number) == id then redis.call('HDEL', key('callbacks:live'), r.number) end
end

-- The citizen's phone was not rung after all: it does not count for the guard.
local function give_back(attempt, r)
  redis.call('ZREM', key('callbacks:dials'), attempt)
  redis.call('ZREM', key('callbacks:dials:' .. r.number), attempt)
end

-- Why the guard keeps this number from being dialled now: `live`, `number_a_day`, `an_hour`; nil when it may be dialled.
local function guarded(r)
  if redis.call('HEXISTS', key('callbacks:live'), r.number) == 1 or a.busy[r.number] then return 'live' end
  if redis.call('ZCOUNT', key('callbacks:dials:' .. r.number), a.midnight, '+inf') >= a.number_a_day then return 'number_a_day' end
  if redis.call('ZCOUNT', key('callbacks:dials'), '(' .. (now - 3600), '+inf') >= a.an_hour then return 'an_hour' end
end

-- The intent to dial stands before Asterisk is told. Only who knows this token may go on with it.
local function dial(id, r)
  local dials, of_number = key('callbacks:dials'), key('callbacks:dials:' .. r.number)
  redis.call('ZREMRANGEBYSCORE', dials, '-inf', now - 3600)
  redis.call('ZADD', dials, a.now, a.attempt)
  redis.call('ZADD', of_number, a.now, a.attempt)
  redis.call('EXPIRE', of_number, 2 * 24 * 3600)
  redis.call('HSET', key('callbacks:live'), r.number, id)
  a.entry.attempt = a.attempt
  write(id, r, {
    state = 'dialling', token = r.token + 1, attempt = a.attempt, stage = '', lease_until = a.lease_until, held_by = a.held_by, wish = '',
  })
end

-- The request that stands for the same matter and is still to be dialled; nil when there is none.
local function same_matter(f)
  for _, id in ipairs(redis.call('ZRANGE', key('callbacks:of-number:' .. f.number), 0, -1)) do
    local one = load(id)
    if one and AHEAD[one.state] and one.matter == f.matter then return id end
  end
end

local function legal(r, to) return LEGAL[r.state][to] end

-- The writer has read the record before somebody else got it.
local function fenced(id)
  count('callback_fenced_writes')
  return {'fenced', id, redis.call('HGETALL', record_key(id))}
end

-- What a verb on one request begins with: the operation seen before, the request unknown, the writer fenced off.
local r
if a.op ~= '' then
  local known = redis.call('GET', key('callback-op:' .. a.op))
  if known then
    local word, id = string.match(known, '^(.-)|(.*)$')
    return {word, id, redis.call('HGETALL', record_key(id))}
  end
end
if a.id then
  r = load(a.id)
  if not r then return {'unknown', a.id, {}} end
  if a.token and tostring(a.token) ~= r.token then return fenced(a.id) end
end
