-- KEYS: stock counter, set of users who have a seat. ARGV: user. Answers the seats left, -1 sold out, -2 has one already.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then
  return -2
end
if tonumber(redis.call('GET', KEYS[1]) or '0') <= 0 then
  return -1
end
redis.call('SADD', KEYS[2], ARGV[1])
return redis.call('DECR', KEYS[1])
