-- Grants a lease: {1, fence}, or {0, microseconds that the holder still has}.
-- KEYS: lease, fence counter, record.
-- ARGV: the holder's token, microseconds that it lasts, milliseconds for which its fence is remembered.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('HMGET', KEYS[1], 't', 'f', 'u', 'l')
if held[1] == ARGV[1] then
  -- Asked again, because the answer was lost.
  return {1, held[2]}
end
local left = tonumber(held[3] or 0) - now
local lasts = tonumber(held[4] or 0)
if left > 0 then
  if left > lasts + 1000000 then
    -- The clock has gone back: the lease does not last longer for that.
    left = lasts
    redis.call('HSET', KEYS[1], 'u', string.format('%.0f', now + left))
  end
  return {0, left}
end
-- Higher than every fence that is known here, and than every fence of a time before a failover lost some.
local counted = tonumber(redis.call('GET', KEYS[2]) or 0)
local fence = math.max(now, counted + 1, tonumber(held[2] or 0) + 1)
local recorded = redis.call('HGET', KEYS[3], 'f')
if recorded then
  fence = math.max(fence, tonumber(recorded) + 1)
end
fence = string.format('%.0f', fence)
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[1], 't', ARGV[1], 'f', fence, 'u', string.format('%.0f', now + ARGV[2]), 'l', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if recorded then
  redis.call('HSET', KEYS[3], 'f', fence)
end
return {1, fence}
