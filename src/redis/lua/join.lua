-- A node's first word on a new command connection.
-- ARGV node T pos k random known -> OK epoch age_ms gen k inbox_made seq
local node, T, pos, k, random, known = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local key = prefix .. 'node:' .. node

-- An epoch is young only where a node knew another one (`known`, "": none): then clients may be at home
-- somewhere that Redis has forgotten. A fresh cluster has nothing to wait for.
local epoch, born = string.match(call('GET', prefix .. 'epoch') or '', '^(.*) (%d+)$')
if not epoch or (born == '0' and known ~= '' and known ~= epoch) then
	epoch, born = epoch or random, known == '' and '0' or digits(now_ms())
	call('SET', prefix .. 'epoch', epoch .. ' ' .. born)
end

-- Numbers never go back: not when Redis was emptied, nor when a failover lost the last of them. A
-- microsecond each is more than can be given.
local now = call('TIME')
local seq = tonumber(call('GET', prefix .. 'seq') or 0)
local floor = math.max(pos, now[1] * 1000000 + now[2])
if seq < floor then
	seq = floor
	call('SET', prefix .. 'seq', digits(seq))
end

-- What the node knows to be done is done, though a failover may have lost that, too.
if tonumber(call('HGET', key, 'k') or -1) < tonumber(k) then
	call('HSET', key, 'k', k)
end
local gen = call('HINCRBY', key, 'gen', 1)
call('EXPIRE', key, 5 * T)
local made = want('@' .. node, T)

return { 'OK', epoch, digits(math.max(0, now_ms() - born)), digits(gen), call('HGET', key, 'k'), digits(made), digits(seq) }
