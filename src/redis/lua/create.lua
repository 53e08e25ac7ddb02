-- A new session. flags: a string kept as it is.
-- ARGV node gen T ID flags -> OK turn at | TAKEN
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, client = ARGV[1], tonumber(ARGV[3]), prefix .. 'client:' .. ARGV[4]

if call('HEXISTS', client, 'home') == 1 then
	return { 'TAKEN' }
end
local at = next_seq()
call('HSET', client, 'home', node, 'turn', '1', 'cursor', at, 'flags', ARGV[5], 'subs', '0')
call('EXPIRE', client, 2 * T)
return { 'OK', '1', at }
