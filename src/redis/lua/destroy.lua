-- Ends a session. turn "": whatever it is, for a client that says so itself.
-- ARGV node gen T ID turn -> OK | UNKNOWN | LATER | LOST
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local id, turn = ARGV[4], ARGV[5]
local client = prefix .. 'client:' .. id

local has = call('HMGET', client, 'home', 'turn')
if not has[1] then
	return unknown()
elseif turn ~= '' and turn ~= has[2] then
	return { 'LOST' }
end
note(has[1], 'gone ' .. id .. ' ' .. has[2])
call('DEL', client)
return { 'OK' }
