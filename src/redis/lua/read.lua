-- What the logs have beyond given numbers, and a mark: once the node hears that on its other connection,
-- what it read and what it heard are together complete. The mark is not logged.
-- ARGV node gen T maxlen (log from)... -> OK mark made trimmed, then for each log an array (seq text seq text ...)
-- made: logs that were missing. trimmed: logs that may have lost entries beyond `from`.
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local node, T, maxlen = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])

-- A full log whose first entry is new to the reader may have had others before it.
local function is_trimmed(log, first)
	local most = string.sub(log, 1, 1) == '@' and INBOX_MAX or maxlen
	local key = prefix .. 'log:' .. log
	return call('XLEN', key) >= most and call('XRANGE', key, '-', '+', 'COUNT', 1)[1][1] == first
end

local made, trimmed, reply = 0, 0, { 'OK', '', '', '' }
for i = 5, #ARGV, 2 do
	local log, found = ARGV[i], {}
	made = made + want(log, T)
	local entries = call('XRANGE', prefix .. 'log:' .. log, '(' .. ARGV[i + 1] .. '-0', '+')
	for _, entry in ipairs(entries) do
		found[#found + 1] = string.match(entry[1], '^%d+')
		found[#found + 1] = entry[2][2]
	end
	if entries[1] and is_trimmed(log, entries[1][1]) then
		trimmed = trimmed + 1
	end
	reply[#reply + 1] = found
end
local mark = next_seq()
call('PUBLISH', prefix .. 'live:@' .. node, mark .. ' mark')
reply[2], reply[3], reply[4] = mark, digits(made), digits(trimmed)
return reply
