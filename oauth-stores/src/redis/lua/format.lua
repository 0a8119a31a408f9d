-- The format of what is stored here; the first to come writes it. KEYS: format. ARGV: the format of this version.
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
