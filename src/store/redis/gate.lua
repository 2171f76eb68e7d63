#!lua name=zhonglou_gate_VERSION
-- The gate: decides in one call who gets seats, on one programme's keys, which share a hash tag.
--
-- Ids are named by a letter and their 16 bytes: t an activity, b a booking, a an attendee, u a user. So a name is a field, a
-- member and a part of a row alike.
--
-- gate   hash  run, epoch, arrival, changes (of all seats), rules (see RULES), activities (their names in a row),
--              t<activity> its tally (see TALLY and BACK), o<activity> the names of overlapping activities in a row,
--              v<activity> its version in the ledger that the capacity is of: apart from the tally, so that booking doesn't read it
-- held   hash  b<booking> record, a<attendee> and u<user> rows of activity and booking
-- seats  zset  one an activity: bookings, scored by their hold's deadline, or +inf once committed: ZADD XX +inf confirms them
-- gone   zset  bookings that were cancelled lately, scored by when: an image may have been read before, and be installed after
--
-- A record: activity, attendee, user, then its RECEIPT. Numbers that are kept or answered are big-endian doubles: exact to 2^53,
-- and a multiple cheaper than decimals.
-- VERSION stands for a hash of this text: servers of two versions each call their own functions.
-- Instants are unix milliseconds by this Redis's clock.

local NAME = 17
local ROW = 2 * NAME
local WISH = 3 * NAME
local GONE_MS = 600000  -- of an image that was on its way for longer the reconciler takes them out

local TALLY = '>dddddd'   -- number of seat changes, used, capacity, spare, when the last seat went (or 0), end of booking
local COUNTS = 24         -- bytes of its first three numbers
local BACK = 48           -- bytes of all; behind them, packed, when a seat came back last while it was full, unless none has
local NEVER = '\0\0\0\0\0\0\0\0'
local RECEIPT = '>ddddd'  -- grant (epoch, arrival), first arrival, decided at, remaining
local GRANT = 16          -- bytes of its first two numbers
local RULES = '>dddd'     -- opens at, cap of an attendee, cap of a user (-1: none), whether overlaps are forbidden (0 or 1)

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function read_tally(text)
  local change, used, capacity, spare, sold_out_at, closes_at = struct.unpack(TALLY, text)
  return {change = change, used = used, capacity = capacity, spare = spare, sold_out_at = sold_out_at, closes_at = closes_at,
    back = string.sub(text, BACK + 1), full = used >= capacity}
end

local function write_tally(t)
  return struct.pack(TALLY, t.change, t.used, t.capacity, t.spare, t.sold_out_at, t.closes_at) .. t.back
end

local function seats_key(gate, activity) return string.sub(gate, 1, -5) .. 'seats:' .. string.sub(activity, 2) end

local function gone_key(gate) return string.sub(gate, 1, -5) .. 'gone' end

local function version_field(activity) return 'v' .. string.sub(activity, 2) end

local function grant_of(record) return string.sub(record, WISH + 1, WISH + GRANT) end

local function hex(name)
  return (string.gsub(string.sub(name, 2), '.', function(c) return string.format('%02x', string.byte(c)) end))
end

-- Seats came back or the last one went: tell every server process at once.
local function publish_seats(gate, activity, epoch, tally)
  local words = {'seats', string.match(gate, '{p:(%x+)}'), hex(activity), epoch, tally.change, tally.used, tally.capacity}
  redis.call('PUBLISH', 'zl:news', table.concat(words, ' '))
end

-- Where seats of an activity are to change: its tally, with the gate's epoch and number of changes. Nothing where it is lost.
local function open_tally(gate, run, activity)
  local m = redis.call('HMGET', gate, 'run', 'epoch', 'changes', activity)
  if m[1] ~= run or not m[4] then return nil end
  local tally = read_tally(m[4])
  tally.epoch, tally.changes = m[2], tonumber(m[3])
  return tally
end

local function save_change(gate, activity, tally)
  tally.change, tally.changes = tally.change + 1, tally.changes + 1
  if tally.used < tally.capacity then
    tally.sold_out_at = 0
    if tally.full then tally.back = struct.pack('>d', now_ms()) end
  end
  redis.call('HSET', gate, 'changes', tally.changes, activity, write_tally(tally))
end

-- Book. Wishes are decided one after the other on a picture of the books, so that each sees what those before it took; what
-- changed is written at the end, together. `out` is the answer in pieces.

-- A tally, and of this call: `granted` and `again` (deadline, booking…), bookings that fill_in() asks about, and where in `out` the
-- answers go. Absent until there is one.
local function open_activity(gate, name, key, text)
  local change, used, capacity, spare, sold_out_at, closes_at = struct.unpack(TALLY, text)
  return {change = change, used = used, capacity = capacity, spare = spare, sold_out_at = sold_out_at, closes_at = closes_at,
    back = string.sub(text, BACK + 1), name = name, key = key, gate = gate, counts = string.sub(text, 1, COUNTS),
    granted = false, again = false, asked = false, asked_at = false}
end

-- Whether a seat may come back that the ledger never gave: some only hold, or one is kept back.
local function may_come_back(activity)
  if activity.granted or activity.spare > 0 then return true end
  activity.pending = activity.pending or redis.call('ZCOUNT', activity.key, '-inf', '(inf')
  return activity.pending > 0
end

-- A hold of this call has no score yet: it is not committed.
local function is_committed(gate, activity, booking)
  return redis.call('ZSCORE', seats_key(gate, activity), booking) == 'inf'
end

-- A cap's violation; provisional where the committed bookings alone would leave room.
local function check_cap(gate, letter, cap, held, out)
  local count, committed = #held / ROW, 0
  if cap < 0 or count < cap then return end
  for at = 1, #held, ROW do
    local other, booking = string.sub(held, at, at + NAME - 1), string.sub(held, at + NAME, at + ROW - 1)
    if is_committed(gate, other, booking) then committed = committed + 1 end
  end
  out[#out + 1] = table.concat({letter, cap, ' ', count, ' ', committed < cap and 1 or 0})
end

-- Duplicates and overlaps among what the attendee holds. Whether a duplicate is provisional is left to fill_in().
local function check_attendee(rules, activity, held, out)
  for at = 1, #held, ROW do
    local other, booking = string.sub(held, at, at + NAME - 1), string.sub(held, at + NAME, at + ROW - 1)
    if other == activity.name then
      out[#out + 1], out[#out + 2] = booking, ''
      if not activity.asked then activity.asked, activity.asked_at = {}, {} end
      activity.asked[#activity.asked + 1], activity.asked_at[#activity.asked_at + 1] = booking, #out
    elseif rules.overlap == 1 then
      activity.overlapping = activity.overlapping or redis.call('HGET', activity.gate, 'o' .. string.sub(activity.name, 2))
      if string.find(activity.overlapping, other, 1, true) then
        out[#out + 1] = other .. (is_committed(activity.gate, other, booking) and 0 or 1)
      end
    end
  end
end

local function check(call, activity, attendee, user, out)
  local now, rules, known = call.now, call.rules, call.known
  if now >= activity.closes_at then out[#out + 1] = 'C' .. activity.closes_at .. ' '
  elseif now < rules.opens_at then out[#out + 1] = 'N' .. rules.opens_at .. ' ' end
  if known[attendee] then
    check_attendee(rules, activity, known[attendee], out)
    check_cap(call.gate, 'A', rules.cap_attendee, known[attendee], out)
  end
  if known[user] then check_cap(call.gate, 'U', rules.cap_user, known[user], out) end
  if activity.used >= activity.capacity then
    local when = activity.sold_out_at > 0 and activity.sold_out_at or '-'
    out[#out + 1] = table.concat({'S', when, ' ', may_come_back(activity) and 1 or 0})
  end
end

local function put(call, field, value)
  local changed = call.changed
  if not changed[field] then changed[field], changed[#changed + 1] = true, field end
  call.known[field] = value
end

local function when_back(activity) return activity.back ~= '' and activity.back or NEVER end

-- The same id again: a new grant number for it, so that it joins the next commit, and a new deadline while it is pending.
local function hold_again(call, activity, booking, record, out)
  local _, _, first, decided, remaining = struct.unpack(RECEIPT, record, WISH + 1)
  put(call, booking, string.sub(record, 1, WISH) .. struct.pack(RECEIPT, call.epoch, call.arrival, first, decided, remaining))
  activity.again = activity.again or {}
  local again = activity.again
  again[#again + 1], again[#again + 2] = call.deadline, booking
  out[#out + 1] = table.concat({'a', string.sub(record, WISH + GRANT + 1), activity.counts, when_back(activity)})
end

local function grant(call, activity, booking, attendee, user, wish)
  local known, change, used = call.known, activity.change + 1, activity.used + 1
  local remaining = activity.capacity - used
  call.changes, call.dirty = call.changes + 1, true
  activity.change, activity.used, activity.counts = change, used, struct.pack('>ddd', change, used, activity.capacity)
  if remaining == 0 then activity.sold_out_at, activity.went = call.now, true end
  put(call, booking, wish .. struct.pack(RECEIPT, call.epoch, call.arrival, call.arrival, call.now, remaining))
  local row = activity.name .. booking
  put(call, attendee, (known[attendee] or '') .. row)
  put(call, user, (known[user] or '') .. row)
  activity.granted = activity.granted or {}
  local granted = activity.granted
  granted[#granted + 1], granted[#granted + 2] = call.deadline, booking
end

local function decide(call, activity, booking, attendee, user, out)
  if not activity then
    out[#out + 1] = 'l'
    return
  end
  local record, wish = call.known[booking], activity.name .. attendee .. user
  if record and string.sub(record, 1, WISH) ~= wish then
    out[#out + 1] = 'c'
    return
  end
  call.arrival = call.arrival + 1
  if record then return hold_again(call, activity, booking, record, out) end
  local start = #out + 1
  out[start], out[start + 1] = 'r', activity.counts
  check(call, activity, attendee, user, out)
  if #out > start + 1 then
    out[#out + 1] = ';'
  else
    grant(call, activity, booking, attendee, user, wish)
    out[start], out[start + 1], out[start + 2] = 'g', activity.counts, when_back(activity)
  end
end

-- Before anything is written: a duplicate is provisional unless its booking is committed.
local function fill_in(activity, out)
  if not activity.asked then return end
  for i, score in ipairs(redis.call('ZMSCORE', activity.key, unpack(activity.asked))) do
    out[activity.asked_at[i]] = score == 'inf' and '0' or '1'
  end
end

-- Not to the AOF: what Redis loads when it starts is of another run_id, and the gate is built anew whatever it says.
local function write_books(call, activities)
  redis.set_repl(redis.REPL_REPLICA)
  local fields = {'arrival', call.arrival}
  if call.dirty then fields[3], fields[4] = 'changes', call.changes end
  for _, activity in pairs(activities) do
    if activity.granted then
      fields[#fields + 1], fields[#fields + 2] = activity.name, write_tally(activity)
      redis.call('ZADD', activity.key, unpack(activity.granted))
    end
    -- GT leaves a committed one, at +inf, where it is.
    if activity.again then redis.call('ZADD', activity.key, 'XX', 'GT', unpack(activity.again)) end
  end
  redis.call('HSET', call.gate, unpack(fields))
  local held = {}
  for i, field in ipairs(call.changed) do held[2 * i - 1], held[2 * i] = field, call.known[field] end
  if held[1] then redis.call('HSET', call.held, unpack(held)) end
  for _, activity in pairs(activities) do
    if activity.went then publish_seats(call.gate, activity.name, call.epoch, activity) end
  end
end

-- keys: gate, held, seats of each activity that is wished for. args: run, least epoch, ttl in ms, each wish's activity as a byte
-- (1 is the first one), the activities, then for each wish: booking, attendee, user.
-- Answers "lost", or epoch, now, opens at and the arrival before the first one, then for each wish a letter and what follows it:
--   g(ranted)   the activity's change, used, capacity, and when a seat of it came back last while it was full, or 0
--   a(gain)     its first receipt, then these
--   r(efused)   the first three of these, then every violation, then ";"
--   c(onflict), or l(ost) where the activity is not known: nothing, and no arrival number is taken
local function book(keys, args)
  local of_wish, last = args[4], 2 + #keys  -- the last activity's place in args
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'arrival', 'changes', 'rules', unpack(args, 5, last))
  if m[1] ~= args[1] or not m[5] or tonumber(m[2]) < tonumber(args[2]) then return 'lost' end
  local now, known, activities, out = now_ms(), {}, {}, {}
  local opens_at, cap_attendee, cap_user, overlap = struct.unpack(RULES, m[5])
  local rules = {opens_at = opens_at, cap_attendee = cap_attendee, cap_user = cap_user, overlap = overlap}
  local call = {gate = keys[1], held = keys[2], epoch = tonumber(m[2]), arrival = tonumber(m[3]), changes = tonumber(m[4]),
    rules = rules, now = now, deadline = now + tonumber(args[3]), known = known, changed = {}, dirty = false}
  for i = 3, #keys do
    if m[i + 3] then activities[i - 2] = open_activity(keys[1], args[i + 2], keys[i], m[i + 3]) end
  end
  for i, value in ipairs(redis.call('HMGET', keys[2], unpack(args, last + 1))) do known[args[last + i]] = value end

  local before = call.arrival
  for i = 1, #of_wish do
    local at = last + 3 * i
    decide(call, activities[string.byte(of_wish, i)], args[at - 2], args[at - 1], args[at], out)
  end
  for _, activity in pairs(activities) do fill_in(activity, out) end
  if call.arrival > before then write_books(call, activities) end
  return struct.pack('>dddd', call.epoch, now, opens_at, before) .. table.concat(out)
end

-- Cuts the row of a booking out of a field of rows.
local function cut_row(held, field, booking)
  local text = redis.call('HGET', held, field) or ''
  local kept = {}
  for at = 1, #text, ROW do
    local row = string.sub(text, at, at + ROW - 1)
    if string.sub(row, NAME + 1) ~= booking then kept[#kept + 1] = row end
  end
  if #kept == 0 then redis.call('HDEL', held, field) else redis.call('HSET', held, field, table.concat(kept)) end
end

local function remember_gone(gate, booking)
  local key, now = gone_key(gate), now_ms()
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - GONE_MS)
  redis.call('ZADD', key, now, booking)
  redis.call('PEXPIRE', key, GONE_MS)
end

-- keys: gate, held, seats. args: run, activity, returns|stays, (booking, grant or *)…
-- A hold goes only where the gate holds exactly that grant; * is any, for bookings that were cancelled. With `stays` its unit
-- remains used, because the ledger said full.
local function remove(keys, args)
  local activity, removed = args[2], 0
  for i = 4, #args, 2 do
    if args[i + 1] == '*' then remember_gone(keys[1], args[i]) end
  end
  local tally = open_tally(keys[1], args[1], activity)
  if not tally then return 'lost' end
  for i = 4, #args, 2 do
    local booking = args[i]
    local record = redis.call('HGET', keys[2], booking)
    if record and string.sub(record, 1, NAME) == activity and (args[i + 1] == '*' or args[i + 1] == grant_of(record)) then
      redis.call('HDEL', keys[2], booking)
      cut_row(keys[2], string.sub(record, NAME + 1, 2 * NAME), booking)
      cut_row(keys[2], string.sub(record, 2 * NAME + 1, WISH), booking)
      redis.call('ZREM', keys[3], booking)
      removed = removed + 1
    end
  end
  if removed == 0 then return 'OK' end
  if args[3] == 'stays' then tally.spare = tally.spare + removed else tally.used = tally.used - removed end
  save_change(keys[1], activity, tally)
  publish_seats(keys[1], activity, tally.epoch, tally)
  return 'OK'
end

-- keys: gate, held, seats. args: run, activity, (booking, attendee, user)…: committed bookings that the gate does not know.
-- Each takes the place of a unit that stayed used when the ledger was found full, where there is one. One that was cancelled since
-- it was read is left out.
local function adopt(keys, args)
  local activity, adopted = args[2], 0
  local tally = open_tally(keys[1], args[1], activity)
  if not tally then return 'lost' end
  for i = 3, #args, 3 do
    local booking, attendee, user = args[i], args[i + 1], args[i + 2]
    local h = redis.call('HMGET', keys[2], booking, attendee, user)
    if not h[1] and not redis.call('ZSCORE', gone_key(keys[1]), booking) then
      local row = activity .. booking
      local receipt = struct.pack(RECEIPT, tonumber(tally.epoch), 0, 0, 0, 0)
      redis.call('HSET', keys[2], booking, table.concat({activity, attendee, user, receipt}), attendee,
        (h[2] or '') .. row, user, (h[3] or '') .. row)
      redis.call('ZADD', keys[3], '+inf', booking)
      if tally.spare > 0 then tally.spare = tally.spare - 1 else tally.used = tally.used + 1 end
      adopted = adopted + 1
    end
  end
  if adopted > 0 then save_change(keys[1], activity, tally) end
  return 'OK'
end

-- keys: gate. args: run, activity, count: gives back units that stayed used, once the ledger explains every other one.
local function give_back_spare(keys, args)
  local activity, count = args[2], tonumber(args[3])
  local tally = open_tally(keys[1], args[1], activity)
  if not tally then return 'lost' end
  if tally.spare ~= count then return 'OK' end
  tally.used, tally.spare = tally.used - count, 0
  save_change(keys[1], activity, tally)
  publish_seats(keys[1], activity, tally.epoch, tally)
  return 'OK'
end

-- keys: gate. args: run, activity, capacity, the activity's version that has it. Never below what is used. What comes late, of an
-- older version than the gate follows, changes nothing.
local function set_capacity(keys, args)
  local activity, capacity, version = args[2], tonumber(args[3]), tonumber(args[4])
  local tally = open_tally(keys[1], args[1], activity)
  if not tally then return 'lost' end
  local followed = version_field(activity)
  if version < tonumber(redis.call('HGET', keys[1], followed) or 0) then return 'OK' end
  if capacity < tally.capacity and tally.used > capacity then return 'used' end
  redis.call('HSET', keys[1], followed, version)
  tally.capacity = capacity
  save_change(keys[1], activity, tally)
  publish_seats(keys[1], activity, tally.epoch, tally)
  return 'OK'
end

-- keys: gate, then seats of each activity. args: run, then the activities. Answers epoch, now, number of changes, and for each
-- activity that the gate knows: its name with change, used, capacity, pending, spare units.
local function seats(keys, args)
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'changes', unpack(args, 2))
  if m[1] ~= args[1] or not m[3] then return {'lost'} end
  local out = {'seats', tonumber(m[2]), now_ms(), tonumber(m[3])}
  for i = 2, #args do
    if m[i + 2] then
      local t = read_tally(m[i + 2])
      local pending = redis.call('ZCOUNT', keys[i], '-inf', '(inf')
      out[#out + 1] = args[i] .. table.concat({t.change, t.used, t.capacity, pending, t.spare}, ' ')
    end
  end
  return out
end

-- keys: gate, held, seats. args: run, activity. Answers epoch, change, when the last seat went (or 0), and for each holder:
-- booking, attendee, p(ending) or c(ommitted), and grant in one text.
local function holders(keys, args)
  local tally = open_tally(keys[1], args[1], args[2])
  if not tally then return {'lost'} end
  local out = {'holders', tonumber(tally.epoch), tally.change, tally.sold_out_at}
  local ranked = redis.call('ZRANGE', keys[3], 0, -1, 'WITHSCORES')
  for from = 1, #ranked, 1000 do
    local bookings = {}
    for i = from, math.min(from + 999, #ranked), 2 do bookings[#bookings + 1] = ranked[i] end
    for i, record in ipairs(redis.call('HMGET', keys[2], unpack(bookings))) do
      if record then
        local state = ranked[from + 2 * i - 1] == 'inf' and 'c' or 'p'
        out[#out + 1] = table.concat({bookings[i], string.sub(record, NAME + 1, 2 * NAME), state, grant_of(record)})
      end
    end
  end
  return out
end

-- keys: gate, held, then seats of each activity. args: run, limit, ttl in ms, then the activities. Answers activity, booking and
-- grant, in one text, of holds past their deadline, and of those whose deadline is further away than ttl: the clock has gone back
-- since, or they are of a process with a longer ttl, which then asks again.
local function expired(keys, args)
  if redis.call('HGET', keys[1], 'run') ~= args[1] then return {'lost'} end
  local now, out, left = now_ms(), {'expired'}, tonumber(args[2])
  local furthest = now + tonumber(args[3])
  local function add(activity, key, from, to)
    if left <= 0 then return end
    for _, booking in ipairs(redis.call('ZRANGE', key, from, to, 'BYSCORE', 'LIMIT', 0, left)) do
      local record = redis.call('HGET', keys[2], booking)
      if record then
        out[#out + 1] = activity .. booking .. grant_of(record)
        left = left - 1
      end
    end
  end
  for i = 4, #args do
    local key = keys[i - 1]
    add(args[i], key, '-inf', now)
    add(args[i], key, '(' .. furthest, '(inf')
  end
  return out
end

-- keys: gate, held, staged held, then for each activity its seats and its staged seats.
-- args: run, epoch, arrival, opens, cap_attendee, cap_user (-1: none), overlap, then for each activity: its name, capacity, used,
-- end, names of overlapping ones, version.
-- Only over an absent or older gate, or one that was built on another Redis. Without the bookings that were cancelled since the
-- image was read, and with the capacities that were changed since.
local function install(keys, args)
  local run, epoch, taken, now = args[1], tonumber(args[2]), 0, now_ms()
  local m = redis.call('HMGET', keys[1], 'run', 'epoch', 'activities')
  if m[1] == run and tonumber(m[2]) >= epoch then return 0 end
  for i = 10, #args, 6 do taken = taken + tonumber(args[i]) end
  if taken > 0 and redis.call('EXISTS', keys[3]) == 0 then return redis.error_reply('ERR the staged image is gone') end
  for at = 1, #(m[3] or ''), NAME do redis.call('DEL', seats_key(keys[1], string.sub(m[3], at, at + NAME - 1))) end

  local names, fields = {}, {'run', run, 'epoch', epoch, 'arrival', args[3], 'changes', 0,
    'rules', struct.pack(RULES, tonumber(args[4]), tonumber(args[5]), tonumber(args[6]), tonumber(args[7]))}
  for i = 8, #args, 6 do
    local kept = redis.call('HMGET', keys[1], args[i], version_field(args[i]))
    if m[1] == run and kept[1] and tonumber(kept[2] or 0) > tonumber(args[i + 5]) then
      args[i + 1], args[i + 5] = read_tally(kept[1]).capacity, kept[2]
    end
    local tally = {change = 0, used = tonumber(args[i + 2]), capacity = tonumber(args[i + 1]), spare = 0, sold_out_at = 0,
      closes_at = tonumber(args[i + 3])}
    local old = kept[1] and read_tally(kept[1])
    tally.back = old and old.back or ''
    -- Of a gate that was lost, or that Redis has loaded without its last bookings, nobody knows what was full.
    local may_be_back = m[1] == run and old and old.full or m[1] ~= run and epoch > 1
    if may_be_back and tally.used < tally.capacity then tally.back = struct.pack('>d', now) end
    local n = #fields
    fields[n + 1], fields[n + 2] = args[i], write_tally(tally)
    fields[n + 3], fields[n + 4] = 'o' .. string.sub(args[i], 2), args[i + 4]
    fields[n + 5], fields[n + 6] = version_field(args[i]), args[i + 5]
    names[#names + 1] = args[i]
  end
  redis.call('DEL', keys[1])
  redis.call('HSET', keys[1], 'activities', table.concat(names), unpack(fields))
  for i = 2, #keys, 2 do
    redis.call('DEL', keys[i])
    if redis.call('EXISTS', keys[i + 1]) == 1 then
      redis.call('RENAME', keys[i + 1], keys[i])
      redis.call('PERSIST', keys[i])
    end
  end
  for _, booking in ipairs(redis.call('ZRANGE', gone_key(keys[1]), 0, -1)) do
    local record = redis.call('HGET', keys[2], booking)
    if record then
      local activity = string.sub(record, 1, NAME)
      remove({keys[1], keys[2], seats_key(keys[1], activity)}, {run, activity, 'returns', booking, grant_of(record)})
    end
  end
  return 1
end

redis.register_function('zl_book_VERSION', book)
redis.register_function('zl_remove_VERSION', remove)
redis.register_function('zl_adopt_VERSION', adopt)
redis.register_function('zl_give_back_spare_VERSION', give_back_spare)
redis.register_function('zl_set_capacity_VERSION', set_capacity)
redis.register_function('zl_seats_VERSION', seats)
redis.register_function('zl_holders_VERSION', holders)
redis.register_function('zl_expired_VERSION', expired)
redis.register_function('zl_install_VERSION', install)
