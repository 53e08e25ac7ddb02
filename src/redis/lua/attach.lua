-- Takes a session to this node for the connect KEY ("": an event stream's opening, which acknowledges nothing).
-- ARGV node gen T ID KEY count stalled_ms
--   -> OK turn at cursor sent connect acked flags seen n then n times (pattern since)
--    | UNKNOWN | LATER | OLD | UNSURE. What the session has not: sent and acked "0", the others "".
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, id, connect, stalled = ARGV[1], tonumber(ARGV[3]), ARGV[4], ARGV[5], tonumber(ARGV[7])
local client = prefix .. 'client:' .. id

local has, patterns = {}, {}
local all = call('HGETALL', client)
if #all == 0 then
	return unknown()
end
for i = 1, #all, 2 do
	if string.sub(all[i], 1, 1) == '+' then
		patterns[#patterns + 1] = string.sub(all[i], 2)
		patterns[#patterns + 1] = all[i + 1]
	else
		has[all[i]] = all[i + 1]
	end
end
local seen, now = has.seen or '', now_ms()

-- A connect that comes late must not take the session back, nor acknowledge what was answered since.
if connect ~= '' and list_has(seen, connect) and string.match(seen, '[^,]*$') ~= connect then
	return { 'OLD' }
elseif stalled > 0 and now - (has.heard or 0) < stalled then
	return { 'UNSURE' }
end

local cursor = tonumber(has.cursor)
if connect ~= '' and connect ~= has.connect then -- another id: the last answer has arrived
	cursor = math.max(cursor, tonumber(has.sent or 0))
	has.sent, has.connect = nil, nil
	call('HDEL', client, 'sent', 'connect')
end
if has.flow then -- its home wrote no cursor for it, but one for all that flow
	cursor = math.max(cursor, tonumber(call('HGET', prefix .. 'node:' .. has.home, 'cursor') or 0))
	call('HDEL', client, 'flow')
end
if connect ~= '' then
	seen = list_add(seen, connect, 8)
end
note_count(client, ARGV[6], has.count)

local turn = digits(has.turn + 1)
if has.home ~= node then
	note(has.home, 'taken ' .. id .. ' ' .. turn .. ' ' .. (connect == '' and '-' or connect))
end
call('HSET', client, 'home', node, 'turn', turn, 'cursor', digits(cursor), 'seen', seen, 'heard', digits(now))
call('EXPIRE', client, 2 * T)

local reply = { 'OK', turn, next_seq(), digits(cursor), has.sent or '0', has.connect or '', has.acked or '0',
	has.flags or '', seen, digits(#patterns / 2) }
for i = 1, #patterns do
	reply[#reply + 1] = patterns[i]
end
return reply
