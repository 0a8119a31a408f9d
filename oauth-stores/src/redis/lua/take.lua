-- A login under way: its bytes after a 'w', 't' where it was taken, nil where there is none.
-- KEYS: attempts, ends. ARGV: id, '1' where it is to be taken.
local time = redis.call('TIME')
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not ends or tonumber(ends) <= time[1] * 1000000 + time[2] then
  return false
end
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept and ARGV[2] == '1' then
  redis.call('HSET', KEYS[1], ARGV[1], 't')
end
return kept
