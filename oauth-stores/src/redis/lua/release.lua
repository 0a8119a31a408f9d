-- Ends a lease before its time if it is that one; its fence stays. KEYS: lease. ARGV: token, fence.
local held = redis.call('HMGET', KEYS[1], 't', 'f', 'u')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if tonumber(held[3]) > now then
  -- The token goes, too: who asks again with it is granted nothing.
  redis.call('HSET', KEYS[1], 'u', string.format('%.0f', now), 't', '')
end
return 1
