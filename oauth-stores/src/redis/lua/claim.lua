-- Takes what is due and keeps it from others for a while: the keys, the longest due first.
-- KEYS: due, claimed, claimed-due. ARGV: now in seconds, now in ms, end of the claim in ms, the most.
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[2], 'LIMIT', 0, 1000)) do
  local due = redis.call('ZSCORE', KEYS[3], key)
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
  if due then
    redis.call('ZADD', KEYS[1], due, key)
  end
end
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local keys = {}
for at = 1, #found, 2 do
  redis.call('ZREM', KEYS[1], found[at])
  redis.call('ZADD', KEYS[2], ARGV[3], found[at])
  redis.call('ZADD', KEYS[3], found[at + 1], found[at])
  keys[#keys + 1] = found[at]
end
return keys
