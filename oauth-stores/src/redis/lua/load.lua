-- The record of a key: version, due, sealed bytes; 1 where the bytes are too many to be a record.
-- KEYS: record. ARGV: the largest record.
if redis.call('HSTRLEN', KEYS[1], 'p') > tonumber(ARGV[1]) then
  return 1
end
return redis.call('HMGET', KEYS[1], 'v', 'd', 'p')
