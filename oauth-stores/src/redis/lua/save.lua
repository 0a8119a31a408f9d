-- Compare and set: 0 written, 1 the version is another, 2 a newer lease has been granted.
-- KEYS: record, keys, due, claimed, claimed-due, lease.
-- ARGV: key, expected version or '', version, due or '', sealed bytes, fence or '', '1' where it is asked again.
local stored = redis.call('HMGET', KEYS[1], 'v', 'f')
if ARGV[7] == '1' and stored[1] == ARGV[3] and redis.call('HGET', KEYS[1], 'p') == ARGV[5] then
  -- The first time did it, only the answer was lost.
  return 0
end
local fence = tonumber(stored[2] or 0)
if ARGV[6] ~= '' then
  local granted = tonumber(redis.call('HGET', KEYS[6], 'f') or 0)
  if tonumber(ARGV[6]) < math.max(fence, granted) then
    return 2
  end
  fence = math.max(fence, tonumber(ARGV[6]))
end
if (stored[1] or '') ~= ARGV[2] then
  return 1
end
-- The indexes first: were one of them no sorted set, the script would end here with the record untouched.
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[1], 'd')
else
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
  redis.call('HSET', KEYS[1], 'd', ARGV[4])
end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'p', ARGV[5], 'f', string.format('%.0f', fence))
return 0
