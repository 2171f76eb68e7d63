-- The usual seckill gate: one script in Redis decides, nothing durable follows. Connections to Redis are pooled.
local cjson = require "cjson.safe"
local redis = require "nginx.redis"

local gate = {}
local address, script, digest

function gate.set_up(redis_address, script_file)
  address = redis_address
  local file = assert(io.open(script_file))
  script = file:read("*a")
  file:close()
end

local function answer(status, body)
  ngx.status = status
  ngx.print(cjson.encode(body))
end

local function reserve(connection, activity, user)
  local stock, users = "stock:{" .. activity .. "}", "users:{" .. activity .. "}"
  if not digest then
    digest = assert(connection:script("load", script))
  end
  local left, fault = connection:evalsha(digest, 2, stock, users, user)
  if not left and fault and fault:find("NOSCRIPT", 1, true) then
    left, fault = connection:eval(script, 2, stock, users, user)
  end
  return left, fault
end

function gate.answer()
  ngx.req.read_body()
  local body = cjson.decode(ngx.req.get_body_data() or "")
  local user = body and body.attendee_id
  if type(user) ~= "string" then
    return answer(400, {code = "invalid_request"})
  end
  local connection = redis:new()
  connection:set_timeout(2000)
  local connected, fault = connection:connect(address)
  if not connected then
    ngx.log(ngx.ERR, "redis: ", fault)
    return answer(503, {code = "unavailable"})
  end
  local left
  left, fault = reserve(connection, ngx.var.activity, user)
  if not left then
    ngx.log(ngx.ERR, "redis: ", fault)
    return answer(503, {code = "unavailable"})
  end
  connection:set_keepalive(60000, 2048)
  if left == -1 then
    return answer(409, {code = "sold_out"})
  elseif left == -2 then
    return answer(409, {code = "already_booked"})
  end
  answer(201, {activity_id = ngx.var.activity, remaining = left})
end

return gate
