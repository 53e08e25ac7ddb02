-- A connect came to the session's home. cursor "", acked "": as they are.
-- ARGV node gen T ID turn KEY count cursor acked -> OK | LOST
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local T, client, turn, connect, cursor, acked =
	tonumber(ARGV[3]), prefix .. 'client:' .. ARGV[4], ARGV[5], ARGV[6], ARGV[8], ARGV[9]

local has = call('HMGET', client, 'turn', 'cursor', 'seen', 'count')
if has[1] ~= turn then
	return { 'LOST' }
end
local seen = has[3] or ''
if connect ~= '' and not list_has(seen, connect) then
	seen = list_add(seen, connect, 8)
end
if cursor == '' or tonumber(cursor) < tonumber(has[2]) then
	cursor = has[2]
end
call('HSET', client, 'heard', digits(now_ms()), 'seen', seen, 'cursor', cursor)
if acked ~= '' then
	call('HSET', client, 'acked', acked)
end
note_count(client, ARGV[7], has[4])
call('EXPIRE', client, 2 * T)
return { 'OK' }
