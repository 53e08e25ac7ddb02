-- What the session's home gave and to which connect, before it gives it. KEY "": no answer is open, the
-- cursor alone. What is older than the stored cursor says nothing. acked "": as it is.
-- ARGV node gen T ID turn cursor sent KEY acked -> OK | LOST
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local T, client, turn, cursor, sent, connect, acked =
	tonumber(ARGV[3]), prefix .. 'client:' .. ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]

local has = call('HMGET', client, 'turn', 'cursor', 'sent')
if has[1] ~= turn then
	return { 'LOST' }
end
call('HDEL', client, 'flow')
call('EXPIRE', client, 2 * T)
if tonumber(cursor) < tonumber(has[2]) then
	return { 'OK' }
end

call('HSET', client, 'cursor', cursor)
if connect ~= '' then
	call('HSET', client, 'sent', sent, 'connect', connect)
elseif has[3] and tonumber(cursor) >= tonumber(has[3]) then
	call('HDEL', client, 'sent', 'connect')
end
if acked ~= '' then
	call('HSET', client, 'acked', acked)
end
return { 'OK' }
