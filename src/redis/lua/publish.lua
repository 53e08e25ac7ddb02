-- One message to all who want it. The node's publishes are numbered, so that what is sent again
-- after a cut is known. `done` says what else is to be done once: "ID KEY", a client's request, which it may send to
-- another node again; "@entry ENTRY", which leaves the stream `publish` by this; "@lease TOKEN", what was heard on the
-- channel `publish` by the node that had that lease, unless another has one by now.
-- ARGV node T k done everywhere maxlen "CHANNEL JSON" pattern... -> OK seq | DONE | EMPTIED | AGAIN stored_k
local node, T, k, done, everywhere = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1'
local key = prefix .. 'node:' .. node

local had = call('HGET', key, 'k')
if not had then
	return { 'EMPTIED' }
elseif had + 1 ~= tonumber(k) then
	return { 'AGAIN', had }
end
call('HSET', key, 'k', k)

local id, request = string.match(done, '^(%S+) (%S+)$')
if id == '@entry' then
	if call('XDEL', prefix .. 'publish', request) == 0 then
		return { 'DONE' }
	end
elseif id == '@lease' then
	if call('HGET', prefix .. 'intake', 'token') ~= request then
		return { 'DONE' }
	end
elseif id then
	local era = call('HGET', prefix .. 'client:' .. id, 'era') or '0'
	local once = prefix .. 'done:' .. id .. ':' .. era .. ':' .. request
	if not call('SET', once, '1', 'NX', 'EX', 3 * T) then
		return { 'DONE' }
	end
end

local seq = next_seq()
local text = node .. ' ' .. k .. ' ' .. ARGV[7]
local live = seq .. ' ' .. text
for i = 8, #ARGV do
	local log = prefix .. 'log:' .. ARGV[i]
	local added = true
	if everywhere then -- while other nodes may not have made their logs again
		call('XADD', log, 'MAXLEN', '~', ARGV[6], seq .. '-0', 'm', text)
		call('EXPIRE', log, 5 * T)
	else -- no log: nobody wants it
		added = call('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[6], seq .. '-0', 'm', text)
	end
	if added then
		call('PUBLISH', prefix .. 'live:' .. ARGV[i], live)
	end
end
return { 'OK', seq }
