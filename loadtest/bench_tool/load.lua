-- wrk's requests: wrk -s load.lua URL -- KIND FILE… Prints one line of JSON at the end.
--   pairs FILE START            bookings; a line of FILE is activity, token, attendee; one after the other, for ever
--   walk USERS ACTIVITIES START bookings; every user (token, attendee) in the first activity, then in the next, …
--   door FILE TOKEN START       check-ins; a line of FILE is session, booking
--   get FILE START              reads; a line of FILE is a path
-- START is how many requests earlier runs have sent: nothing is sent twice.

local function read_lines(name)
  local lines = {}
  for line in io.lines(name) do
    lines[#lines + 1] = line
  end
  return lines
end

local function booking(activity, token, attendee, key)
  return "POST /api/v1/activities/" .. activity .. "/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\n" ..
    "Content-Type: application/json\r\nAuthorization: Bearer " .. token .. "\r\nIdempotency-Key: " .. key ..
    "\r\nContent-Length: 50\r\n\r\n{\"attendee_id\":\"" .. attendee .. "\"}"
end

-- The requests of a file that are the same each time round, made before the first is sent.
local function cycle(requests)
  return function()
    local request = requests[sent % #requests + 1]
    sent = sent + 1
    return request
  end
end

local kinds = {}

function kinds.pairs(arguments)
  sent = tonumber(arguments[3])
  local requests = read_lines(arguments[2])
  for i, line in ipairs(requests) do
    local activity, token, attendee = line:match("(%S+)\t(%S+)\t(%S+)")
    requests[i] = booking(activity, token, attendee, "bench-again")
  end
  return cycle(requests)
end

function kinds.walk(arguments)
  sent = tonumber(arguments[4])
  local heads, tails, activities = {}, {}, read_lines(arguments[3])
  for i, line in ipairs(read_lines(arguments[2])) do
    local token, attendee = line:match("(%S+)\t(%S+)")
    heads[i] = "/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " ..
      token .. "\r\nIdempotency-Key: bench-"
    tails[i] = "\r\nContent-Length: 50\r\n\r\n{\"attendee_id\":\"" .. attendee .. "\"}"
  end
  return function()
    local user, turn = sent % #heads + 1, math.floor(sent / #heads) + 1
    sent = sent + 1
    local activity = activities[turn] or activities[#activities]
    return "POST /api/v1/activities/" .. activity .. heads[user] .. activity .. tails[user]
  end
end

function kinds.door(arguments)
  sent = tonumber(arguments[4])
  local head = "POST /api/v1/admin/check-ins HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" ..
    "Authorization: Bearer " .. arguments[3] .. "\r\nContent-Length: 97\r\n\r\n"
  local requests = read_lines(arguments[2])
  for i, line in ipairs(requests) do
    local session, book = line:match("(%S+)\t(%S+)")
    requests[i] = head .. "{\"session_id\":\"" .. session .. "\",\"booking_id\":\"" .. book .. "\"}"
  end
  return cycle(requests)
end

function kinds.get(arguments)
  sent = tonumber(arguments[3])
  local requests = read_lines(arguments[2])
  for i, path in ipairs(requests) do
    requests[i] = "GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  end
  return cycle(requests)
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  request = kinds[arguments[1]](arguments)
end

function done(summary, latency)
  local sent_by_all = 0
  for _, thread in ipairs(threads) do
    sent_by_all = math.max(sent_by_all, thread:get("sent"))
  end
  io.write(string.format(
    '\n{"answers":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p90_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"sent":%d}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, sent_by_all))
end
