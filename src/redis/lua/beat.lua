-- One cursor a second for all sessions that flow, instead of a write per message. Those that leave get a cursor of
-- their own; whoever enters is covered by the node's, and has proven at least as much.
-- ARGV node gen T cursor n_leave, n_leave times (ID turn proven), then (ID turn)... -> OK
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, cursor, leave = ARGV[1], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local key, enter = prefix .. 'node:' .. node, 6 + 3 * leave

for i = 6, enter - 1, 3 do
	local client, proven = prefix .. 'client:' .. ARGV[i], ARGV[i + 2]
	local has = call('HMGET', client, 'turn', 'cursor')
	if has[1] == ARGV[i + 1] then
		if tonumber(proven) > tonumber(has[2]) then
			call('HSET', client, 'cursor', proven)
		end
		call('HDEL', client, 'flow')
	end
end
for i = enter, #ARGV, 2 do
	local client = prefix .. 'client:' .. ARGV[i]
	if call('HGET', client, 'turn') == ARGV[i + 1] then
		call('HSET', client, 'flow', '1')
	end
end

if tonumber(cursor) > tonumber(call('HGET', key, 'cursor') or 0) then
	call('HSET', key, 'cursor', cursor)
end
call('EXPIRE', key, 5 * T)
want('@' .. node, T)
call('PUBLISH', prefix .. 'live:@' .. node, next_seq() .. ' beat') -- not logged: it is worth nothing later
return { 'OK' }
