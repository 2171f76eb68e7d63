#!lua name=zhonglou_gate_VERSION
-- The gate: decides in one call who gets a seat, on one programme's keys, which share a hash tag.
--
-- gate   hash  run, epoch, arrival, opens, cap_attendee, cap_user, overlap, activities (ids in a row), and by activity
--              c:<a> capacity, u:<a> used, n:<a> number of seat changes, e:<a> end of booking,
--              o:<a> ids of overlapping activities in a row, s:<a> when the last seat went,
--              x:<a> units whose hold went although the ledger had none left
-- held   hash  b:<booking> record, a:<attendee> rows of activity and booking id, u:<user> rows of booking id
-- seats  zset  one an activity: <booking><attendee>, scored by the hold's deadline, or +inf once committed
--
-- A record: state (p pending, c committed), activity, attendee, user, then ;grant;first arrival;decided at;remaining.
-- VERSION stands for a hash of this text: servers of two versions each call their own functions.
-- Grants are "epoch.arrival". Ids are 32 hex digits. Instants are unix milliseconds by this Redis's clock.

local ID = 32

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function parse_record(text)
  local grant, first, decided, remaining = string.match(text, ';([^;]*);([^;]*);([^;]*);([^;]*)', 98)
  return {
    state = string.sub(text, 1, 1),
    activity = string.sub(text, 2, 33),
    attendee = string.sub(text, 34, 65),
    user = string.sub(text, 66, 97),
    grant = grant, first = first, decided = decided, remaining = remaining,
  }
end

local function format_record(state, activity, attendee, user, grant, first, decided, remaining)
  return table.concat({state, activity, attendee, user, ';', grant, ';', first, ';', decided, ';', remaining})
end

-- Seats came back or the last one went: tell every server process at once.
local function publish_seats(gate, activity, epoch, change, used, capacity)
  local programme = string.match(gate, '{p:(%x+)}')
  redis.call('PUBLISH', 'zl:news', table.concat({'seats', programme, activity, epoch, change, used, capacity}, ' '))
end

-- How many of these bookings are committed.
local function count_committed(held, ids)
  if #ids == 0 then return 0 end
  local fields = {}
  for i, id in ipairs(ids) do fields[i] = 'b:' .. id end
  local committed = 0
  for _, record in ipairs(redis.call('HMGET', held, unpack(fields))) do
    if record and string.sub(record, 1, 1) == 'c' then committed = committed + 1 end
  end
  return committed
end

local function is_provisional(held, id) return count_committed(held, {id}) == 0 and 1 or 0 end

local function rows(text, width, from, to)
  local out = {}
  for at = 1, #text, width do out[#out + 1] = string.sub(text, at + from - 1, at + to - 1) end
  return out
end

-- A cap's violation; provisional where the committed bookings alone would leave room.
local function check_cap(held, scope, cap, ids, out)
  if not cap or cap == '' or #ids < tonumber(cap) then return end
  local provisional = count_committed(held, ids) < tonumber(cap) and 1 or 0
  out[#out + 1] = table.concat({'limit', scope, cap, #ids, provisional}, ' ')
end

-- What the attendee and the user hold: duplicate, caps, overlaps.
local function check_held(held, of_attendee, of_user, activity, g, overlapping, out)
  local activities = rows(of_attendee, 2 * ID, 1, ID)
  local ids = rows(of_attendee, 2 * ID, ID + 1, 2 * ID)
  local overlaps = {}
  for i, other in ipairs(activities) do
    if other == activity then
      out[#out + 1] = table.concat({'already', ids[i], is_provisional(held, ids[i])}, ' ')
    elseif g.overlap == '1' and string.find(overlapping, other, 1, true) then
      overlaps[#overlaps + 1] = table.concat({'overlaps', other, is_provisional(held, ids[i])}, ' ')
    end
  end
  check_cap(held, 'attendee', g.cap_attendee, ids, out)
  check_cap(held, 'user', g.cap_user, rows(of_user, ID, 1, ID), out)
  for _, text in ipairs(overlaps) do out[#out + 1] = text end
end

-- The same id again: a new grant number for it, so that it joins the next commit, and a new deadline.
local function hold_again(keys, record, id, g, epoch, arrival, now, ttl)
  local grant = epoch .. '.' .. arrival
  redis.call('HSET', keys[1], 'arrival', arrival)
  redis.call('HSET', keys[2], 'b:' .. id, format_record(record.state, record.activity, record.attendee, record.user, grant,
    record.first, record.decided, record.remaining))
  if record.state == 'p' then redis.call('ZADD', keys[3], 'XX', now + ttl, id .. record.attendee) end
  return {'granted', epoch, arrival, tonumber(record.first), tonumber(record.decided), tonumber(g.opens),
    tonumber(record.remaining), tonumber(g.change), tonumber(g.used), tonumber(g.capacity), 1}
end

-- keys: gate, held, seats of the activity. args: run, least epoch, booking, activity, attendee, user, ttl in ms.
local function book(keys, args)
  local run, min_epoch, id, activity, attendee, user, ttl = unpack(args)
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'arrival', 'n:' .. activity, 'opens', 'cap_attendee', 'cap_user', 'overlap',
    'c:' .. activity, 'u:' .. activity, 'e:' .. activity, 'o:' .. activity, 's:' .. activity)
  if m[1] ~= run or tonumber(m[2]) < tonumber(min_epoch) or not m[9] then return {'lost'} end
  local g = {opens = m[5], cap_attendee = m[6], cap_user = m[7], overlap = m[8], capacity = m[9], used = m[10], change = m[4]}
  local epoch, arrival, now = tonumber(m[2]), tonumber(m[3]) + 1, now_ms()
  local used, capacity = tonumber(m[10]), tonumber(m[9])

  local h = redis.call('HMGET', keys[2], 'b:' .. id, 'a:' .. attendee, 'u:' .. user)
  if h[1] then
    local record = parse_record(h[1])
    if record.activity ~= activity or record.attendee ~= attendee or record.user ~= user then return {'conflict'} end
    return hold_again(keys, record, id, g, epoch, arrival, now, ttl)
  end

  local broken = {}
  if now >= tonumber(m[11]) then broken[1] = 'closed ' .. m[11]
  elseif now < tonumber(m[5]) then broken[1] = 'not_open ' .. m[5] end
  check_held(keys[2], h[2] or '', h[3] or '', activity, g, m[12], broken)
  if used >= capacity then
    local pending = redis.call('ZCOUNT', keys[3], '-inf', '(inf')
    broken[#broken + 1] = table.concat({'sold_out', m[13] or '-', pending > 0 and 1 or 0}, ' ')
  end
  if #broken > 0 then
    redis.call('HSET', keys[1], 'arrival', arrival)
    return {'refused', epoch, arrival, arrival, now, tonumber(m[5]), math.max(capacity - used, 0), tonumber(m[4]), used,
      capacity, 0, unpack(broken)}
  end

  -- Every refusal is behind us.
  local change, remaining = tonumber(m[4]) + 1, capacity - used - 1
  local changed = {'arrival', arrival, 'n:' .. activity, change, 'u:' .. activity, used + 1}
  if remaining == 0 then
    changed[7], changed[8] = 's:' .. activity, now
  end
  redis.call('HSET', keys[1], unpack(changed))
  redis.call('HSET', keys[2],
    'b:' .. id, format_record('p', activity, attendee, user, epoch .. '.' .. arrival, arrival, now, remaining),
    'a:' .. attendee, (h[2] or '') .. activity .. id,
    'u:' .. user, (h[3] or '') .. id)
  redis.call('ZADD', keys[3], now + ttl, id .. attendee)
  if remaining == 0 then publish_seats(keys[1], activity, epoch, change, used + 1, capacity) end
  return {'granted', epoch, arrival, arrival, now, tonumber(m[5]), remaining, change, used + 1, capacity, 0}
end

-- keys: held, seats. args: (booking, attendee)…: the ledger has them, so their holds end no more.
local function confirm(keys, args)
  for i = 1, #args, 2 do
    local record = redis.call('HGET', keys[1], 'b:' .. args[i])
    if record and string.sub(record, 1, 1) == 'p' then
      redis.call('HSET', keys[1], 'b:' .. args[i], 'c' .. string.sub(record, 2))
      redis.call('ZADD', keys[2], 'XX', '+inf', args[i] .. args[i + 1])
    end
  end
  return 'OK'
end

-- Cuts the row that ends in `id` out of a field of rows.
local function cut_row(held, field, width, id)
  local text = redis.call('HGET', held, field) or ''
  local kept = {}
  for at = 1, #text, width do
    local row = string.sub(text, at, at + width - 1)
    if string.sub(row, -ID) ~= id then kept[#kept + 1] = row end
  end
  if #kept == 0 then redis.call('HDEL', held, field) else redis.call('HSET', held, field, table.concat(kept)) end
end

-- keys: gate, held, seats. args: run, activity, returns|stays, (booking, grant or *)…
-- A hold goes only where the gate holds exactly that grant. With `stays` its unit remains used, because the ledger said full.
local function remove(keys, args)
  local run, activity, unit = args[1], args[2], args[3]
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'n:' .. activity, 'u:' .. activity, 'c:' .. activity, 'x:' .. activity)
  if m[1] ~= run or not m[5] then return 'lost' end
  local removed = 0
  for i = 4, #args, 2 do
    local text = redis.call('HGET', keys[2], 'b:' .. args[i])
    local record = text and parse_record(text)
    if record and record.activity == activity and (args[i + 1] == '*' or args[i + 1] == record.grant) then
      redis.call('HDEL', keys[2], 'b:' .. args[i])
      cut_row(keys[2], 'a:' .. record.attendee, 2 * ID, args[i])
      cut_row(keys[2], 'u:' .. record.user, ID, args[i])
      redis.call('ZREM', keys[3], args[i] .. record.attendee)
      removed = removed + 1
    end
  end
  if removed == 0 then return 'OK' end
  local change, used = tonumber(m[3]) + 1, tonumber(m[4])
  if unit == 'stays' then
    redis.call('HSET', keys[1], 'n:' .. activity, change, 'x:' .. activity, tonumber(m[6] or '0') + removed)
  else
    used = used - removed
    redis.call('HSET', keys[1], 'n:' .. activity, change, 'u:' .. activity, used)
    if used < tonumber(m[5]) then redis.call('HDEL', keys[1], 's:' .. activity) end
  end
  publish_seats(keys[1], activity, m[2], change, used, m[5])
  return 'OK'
end

-- keys: gate, held, seats. args: run, activity, (booking, attendee, user)…: committed bookings that the gate does not know.
-- Each takes the place of a unit that stayed used when the ledger was found full, where there is one.
local function adopt(keys, args)
  local run, activity = args[1], args[2]
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'n:' .. activity, 'u:' .. activity, 'c:' .. activity, 'x:' .. activity)
  if m[1] ~= run or not m[5] then return 'lost' end
  local used, spare, adopted = tonumber(m[4]), tonumber(m[6] or '0'), 0
  for i = 3, #args, 3 do
    local id, attendee, user = args[i], args[i + 1], args[i + 2]
    local h = redis.call('HMGET', keys[2], 'b:' .. id, 'a:' .. attendee, 'u:' .. user)
    if not h[1] then
      redis.call('HSET', keys[2], 'b:' .. id, format_record('c', activity, attendee, user, m[2] .. '.0', 0, 0, 0),
        'a:' .. attendee, (h[2] or '') .. activity .. id, 'u:' .. user, (h[3] or '') .. id)
      redis.call('ZADD', keys[3], '+inf', id .. attendee)
      if spare > 0 then spare = spare - 1 else used = used + 1 end
      adopted = adopted + 1
    end
  end
  if adopted > 0 then
    redis.call('HSET', keys[1], 'n:' .. activity,tonumber(m[3]) + 1, 'u:' .. activity, used, 'x:' .. activity, spare)
  end
  return 'OK'
end

-- keys: gate. args: run, activity, count: gives back units that stayed used, once the ledger explains every other one.
local function give_back_spare(keys, args)
  local run, activity, count = args[1], args[2], tonumber(args[3])
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'n:' .. activity, 'u:' .. activity, 'c:' .. activity, 'x:' .. activity)
  if m[1] ~= run or not m[5] then return 'lost' end
  if tonumber(m[6] or '0') ~= count then return 'OK' end
  local change, used = tonumber(m[3]) + 1, tonumber(m[4]) - count
  redis.call('HSET', keys[1], 'n:' .. activity, change, 'u:' .. activity, used, 'x:' .. activity, 0)
  if used < tonumber(m[5]) then redis.call('HDEL', keys[1], 's:' .. activity) end
  publish_seats(keys[1], activity, m[2], change, used, m[5])
  return 'OK'
end

-- keys: gate, then seats of each activity. args: run, then the activities. Answers epoch, now, and for each activity that the
-- gate knows: id, change, used, capacity, pending, spare units.
local function seats(keys, args)
  local m = redis.call('HMGET', keys[1], 'run', 'epoch')
  if m[1] ~= args[1] then return {'lost'} end
  local out = {'seats', tonumber(m[2]), now_ms()}
  for i = 2, #args do
    local a = redis.call('HMGET', keys[1], 'u:' .. args[i], 'c:' .. args[i], 'x:' .. args[i], 'n:' .. args[i])
    if a[2] then
      local pending = redis.call('ZCOUNT', keys[i], '-inf', '(inf')
      for _, value in ipairs({args[i], tonumber(a[4]), tonumber(a[1]), tonumber(a[2]), pending, tonumber(a[3] or '0')}) do
        out[#out + 1] = value
      end
    end
  end
  return out
end

-- keys: gate, held, seats. args: run, activity. Answers epoch, change, when the last seat went, and for each holder: booking,
-- attendee, grant, state.
local function holders(keys, args)
  local activity = args[2]
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'n:' .. activity, 's:' .. activity)
  if m[1] ~= args[1] or not m[3] then return {'lost'} end
  local out = {'holders', tonumber(m[2]), tonumber(m[3]), tonumber(m[4] or '0')}
  for _, member in ipairs(redis.call('ZRANGE', keys[3], 0, -1)) do
    local id = string.sub(member, 1, ID)
    local text = redis.call('HGET', keys[2], 'b:' .. id)
    if text then
      local record = parse_record(text)
      for _, value in ipairs({id, record.attendee, record.grant, record.state}) do out[#out + 1] = value end
    end
  end
  return out
end

-- keys: gate, held, then seats of each activity. args: run, limit, then the activities. Answers activity, booking, grant of
-- holds past their deadline.
local function expired(keys, args)
  if redis.call('HGET', keys[1], 'run') ~= args[1] then return {'lost'} end
  local now, out, left = now_ms(), {'expired'}, tonumber(args[2])
  for i = 3, #args do
    if left <= 0 then break end
    for _, member in ipairs(redis.call('ZRANGE', keys[i], '-inf', now, 'BYSCORE', 'LIMIT', 0, left)) do
      local id = string.sub(member, 1, ID)
      local text = redis.call('HGET', keys[2], 'b:' .. id)
      if text then
        local record = parse_record(text)
        for _, value in ipairs({args[i], id, record.grant}) do out[#out + 1] = value end
        left = left - 1
      end
    end
  end
  return out
end

-- keys: gate. args: run, activity, capacity. Never below what is used.
local function set_capacity(keys, args)
  local run, activity, capacity = args[1], args[2], tonumber(args[3])
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'n:' .. activity, 'u:' .. activity, 'c:' .. activity)
  if m[1] ~= run or not m[5] then return 'lost' end
  local change, used = tonumber(m[3]) + 1, tonumber(m[4])
  if capacity < tonumber(m[5]) and used > capacity then return 'used' end
  redis.call('HSET', keys[1], 'n:' .. activity, change, 'c:' .. activity, capacity)
  if used < capacity then redis.call('HDEL', keys[1], 's:' .. activity) end
  publish_seats(keys[1], activity, m[2], change, used, capacity)
  return 'OK'
end

-- keys: gate, held, staged held, then for each activity its seats and its staged seats.
-- args: run, epoch, arrival, opens, cap_attendee, cap_user, overlap, then for each activity id, capacity, used, end, overlapping.
-- Only over an absent or older gate, or one that was built on another Redis.
local function install(keys, args)
  local run, epoch = args[1], tonumber(args[2])
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'activities')
  if m[1] == run and tonumber(m[2]) >= epoch then return 0 end
  local taken = 0
  for i = 10, #args, 5 do taken = taken + tonumber(args[i]) end
  if taken > 0 and redis.call('EXISTS', keys[3]) == 0 then return redis.error_reply('ERR the staged image is gone') end
  for _, activity in ipairs(rows(m[3] or '', ID, 1, ID)) do
    local seats_key = string.gsub(keys[1], ':gate$', ':seats:' .. activity)
    redis.call('DEL', seats_key)
  end
  local fields = {'run', run, 'epoch', epoch, 'arrival', args[3], 'opens', args[4], 'cap_attendee', args[5],
    'cap_user', args[6], 'overlap', args[7]}
  local ids = {}
  for i = 8, #args, 5 do
    local activity = args[i]
    ids[#ids + 1] = activity
    for _, value in ipairs({'c:' .. activity, args[i + 1], 'u:' .. activity, args[i + 2], 'n:' .. activity, 0,
      'e:' .. activity, args[i + 3], 'o:' .. activity, args[i + 4]}) do
      fields[#fields + 1] = value
    end
  end
  redis.call('DEL', keys[1])
  redis.call('HSET', keys[1], 'activities', table.concat(ids), unpack(fields))
  for i = 2, #keys, 2 do
    redis.call('DEL', keys[i])
    if redis.call('EXISTS', keys[i + 1]) == 1 then
      redis.call('RENAME', keys[i + 1], keys[i])
      redis.call('PERSIST', keys[i])
    end
  end
  return 1
end

redis.register_function('zl_book_VERSION', book)
redis.register_function('zl_confirm_VERSION', confirm)
redis.register_function('zl_remove_VERSION', remove)
redis.register_function('zl_adopt_VERSION', adopt)
redis.register_function('zl_give_back_spare_VERSION', give_back_spare)
redis.register_function('zl_seats_VERSION', seats)
redis.register_function('zl_holders_VERSION', holders)
redis.register_function('zl_expired_VERSION', expired)
redis.register_function('zl_set_capacity_VERSION', set_capacity)
redis.register_function('zl_install_VERSION', install)
