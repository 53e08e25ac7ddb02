-- Subscribes (+) or unsubscribes (-), heard on any node; the home learns of it by a note, and its number
-- is since when it holds. Patterns are taken in order until the session has `limit` of them.
-- No pattern at all is a sign of life, of an event stream's client: its connects go anywhere, the stream stays.
-- ARGV node gen T ID sign reqkey limit pattern... -> OK taken | UNKNOWN | LATER
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local T, id, sign, request, limit = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local client, given = prefix .. 'client:' .. id, #ARGV - 7

local has = call('HMGET', client, 'home', 'subs', 'ids')
local home, subs, ids = has[1], tonumber(has[2] or 0), has[3] or ''
if not home then
	return unknown()
elseif request ~= '' and list_has(ids, request) then
	return { 'OK', digits(given) }
end

if given == 0 then
	call('EXPIRE', client, 2 * T)
	note(home, sign .. ' ' .. id)
	return { 'OK', '0' }
end

local taken, changed, twice = 0, {}, {}
for i = 8, #ARGV do
	local pattern = ARGV[i]
	local there = call('HEXISTS', client, '+' .. pattern) == 1
	if there == (sign == '-') and not twice[pattern] then
		if sign == '+' and subs + #changed >= limit then
			break
		end
		changed[#changed + 1], twice[pattern] = pattern, true
	end
	taken = taken + 1
end

-- One that was taken in part may be asked again, and has the same answer.
if request ~= '' and taken == given then
	call('HSET', client, 'ids', list_add(ids, request, 16))
end
if #changed == 0 then
	return { 'OK', digits(taken) }
end

if sign == '+' then
	for i = 1, #changed do -- before the note: whoever hears it finds the logs
		want(changed[i], T)
	end
end
local seq = note(home, sign .. ' ' .. id .. ' ' .. table.concat(changed, ' '))
for i = 1, #changed do
	if sign == '+' then
		call('HSET', client, '+' .. changed[i], seq)
	else
		call('HDEL', client, '+' .. changed[i])
	end
end
call('HINCRBY', client, 'subs', sign == '+' and #changed or -#changed)
return { 'OK', digits(taken) }
