-- 0 there was none, 1 deleted, 2 the version is another.
-- KEYS: record, keys, due, claimed, claimed-due, fence counter. ARGV: key, expected version or ''.
local fence = 0
if ARGV[2] ~= '' then
  local stored = redis.call('HMGET', KEYS[1], 'v', 'f')
  if stored[1] and stored[1] ~= ARGV[2] then
    return 2
  end
  fence = tonumber(stored[2] or 0)
else
  -- Whatever it is, even if it is no record.
  local stored = redis.pcall('HGET', KEYS[1], 'f')
  fence = type(stored) == 'string' and tonumber(stored) or 0
end
-- The record goes, its fence goes on.
if fence > tonumber(redis.call('GET', KEYS[6]) or 0) then
  redis.call('SET', KEYS[6], string.format('%.0f', fence))
end
for index = 2, 5 do
  redis.call('ZREM', KEYS[index], ARGV[1])
end
return redis.call('DEL', KEYS[1])
