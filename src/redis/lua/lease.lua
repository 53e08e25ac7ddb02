-- Which node takes what other programs publish (the stream and the channel `publish`): one at a time, for `ms` from
-- its last word on. 0: it takes no more. The token is another one whenever somebody else, or nobody, had it between.
-- ARGV node gen T ms -> OK token | TAKEN
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, ms = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local key, now = prefix .. 'intake', now_ms()

local had = call('HMGET', key, 'node', 'token', 'until')
local token, valid = had[2], had[1] and tonumber(had[3]) > now
if valid and had[1] ~= node then
	return { 'TAKEN' }
elseif not valid then
	token = next_seq()
end
call('HSET', key, 'node', node, 'token', token, 'until', digits(now + ms))
call('EXPIRE', key, 5 * T)
return { 'OK', token }
