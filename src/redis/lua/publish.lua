-- One message to all who want it. The node's publishes are numbered, so that what is sent again
-- after a cut is known; `done` ("ID KEY" of a client's request) stops a client's retry on another node.
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

if done ~= '' then
	local id, request = string.match(done, '^(%S+) (%S+)$')
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
