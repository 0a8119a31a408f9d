-- Keeps a login under way. KEYS: attempts, order, ends. ARGV: id, sealed bytes, microseconds that it lasts, the most.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function forget(ids)
  for _, id in ipairs(ids) do
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZREM', KEYS[3], id)
  end
end
forget(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now), 'LIMIT', 0, 1000))
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  local over = redis.call('ZCARD', KEYS[2]) - ARGV[4]
  if over >= 0 then
    forget(redis.call('ZRANGE', KEYS[2], 0, math.min(over, 1000)))
  end
  local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
  redis.call('ZADD', KEYS[2], string.format('%.0f', math.max(now, tonumber(newest or 0) + 1)), ARGV[1])
end
redis.call('ZADD', KEYS[3], string.format('%.0f', now + ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], 'w' .. ARGV[2])
-- All of it goes when the last one is over.
local last = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2]
for index = 1, 3 do
  redis.call('PEXPIREAT', KEYS[index], string.format('%.0f', math.floor(last / 1000) + 1))
end
return 0
