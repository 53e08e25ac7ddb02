-- Writes back a session that its home has and Redis has lost, or has as it was before its latest turn
-- (a failover may lose the last writes). One that is there is left alone: ours already, or another node's.
-- ARGV node gen T ID turn cursor sent connect acked flags seen n, n times (pattern since) -> OK | KEPT | LOST
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, client, turn = ARGV[1], tonumber(ARGV[3]), prefix .. 'client:' .. ARGV[4], ARGV[5]
local sent, connect, acked, n = ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[12])

local has = call('HMGET', client, 'home', 'turn')
if has[1] and tonumber(has[2]) >= tonumber(turn) then
	return { has[1] == node and has[2] == turn and 'KEPT' or 'LOST' }
end
call('DEL', client)
call('HSET', client, 'home', node, 'turn', turn, 'cursor', ARGV[6], 'flags', ARGV[10], 'seen', ARGV[11],
	'subs', digits(n))
if connect ~= '' then -- an answer that was given and may be asked for again
	call('HSET', client, 'sent', sent, 'connect', connect)
end
if acked ~= '' then
	call('HSET', client, 'acked', acked)
end
for i = 13, 12 + 2 * n, 2 do
	call('HSET', client, '+' .. ARGV[i], ARGV[i + 1])
	want(ARGV[i], T)
end
call('EXPIRE', client, 2 * T)
return { 'OK' }
