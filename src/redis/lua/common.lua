-- In front of every script. KEYS[1] is the prefix of all keys, T the session timeout in seconds:
--   epoch              "RANDOM MS": which life of this Redis it is, and since when (0: always)
--   seq                the last number given; all nodes count by this one
--   log:PATTERN        stream of SEQ-0: m "NODE K CHANNEL JSON"; there while somebody wants it; 5T
--   log:@NODE          the same, notes to a node: its inbox
--   node:NODE          gen (of its command connection), k (its last publish), cursor; 5T
--   client:ID          home, turn, cursor, flow, sent, connect, acked, flags, seen (its last connects), heard (ms),
--                      count (of its last connect), era, ids (its last changes), subs (how many), +PATTERN (since); 2T
--   done:ID:ERA:KEY    that request to publish was carried out; 3T
--   publish            stream: what other programs want published (docs/background-jobs.md), until it is
--   publish (pub/sub)  the same in passing
--   intake             node, token, until (ms): who takes that; 5T
--   live:... (pub/sub) what is logged, as "SEQ ..."
local call, prefix = redis.call, KEYS[1]

-- The most notes an inbox keeps; trimmed by whole nodes of the stream, so a few more.
local INBOX_MAX = 10000

-- A number in full: '..' and tostring() keep 14 digits, and seq has 16.
local function digits(n)
	return string.format('%.0f', n)
end

local function next_seq()
	return digits(call('INCR', prefix .. 'seq'))
end

local function now_ms()
	local now = call('TIME')
	return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- Stops what a broken connection of this node carries out late, or after Redis was emptied.
local function gate(node, gen)
	local now = call('HGET', prefix .. 'node:' .. node, 'gen')
	if not now then
		return { 'EMPTIED' }
	elseif now ~= gen then
		return { 'STALE' }
	end
end

-- The reply about a client that is not there. While the epoch is young its home may yet restore it.
local function unknown()
	local born = string.match(call('GET', prefix .. 'epoch') or '', ' (%d+)$')
	return { born and now_ms() - born < 10000 and 'LATER' or 'UNKNOWN' }
end

-- Makes or refreshes a log (of a pattern or "@NODE"): 1 if it was missing. An empty one begins at
-- the last number given, for what comes next is greater.
local function want(log, T)
	local key = prefix .. 'log:' .. log
	if call('EXPIRE', key, 5 * T) == 1 then
		return 0
	end
	call('XADD', key, 'MAXLEN', '=', 0, call('GET', prefix .. 'seq') .. '-0', 'm', '1')
	call('EXPIRE', key, 5 * T)
	return 1
end

-- Tells a node something, in the order of everything else; returns the note's number. A node that
-- is no more has no inbox, and gets none.
local function note(node, text)
	local seq = next_seq()
	call('XADD', prefix .. 'log:@' .. node, 'NOMKSTREAM', 'MAXLEN', '~', INBOX_MAX, seq .. '-0', 'm', text)
	call('PUBLISH', prefix .. 'live:@' .. node, seq .. ' ' .. text)
	return seq
end

-- Short lists in one field: "a,b,c", the newest last.
local function list_has(list, word)
	return string.find(',' .. list .. ',', ',' .. word .. ',', 1, true) ~= nil
end

local function list_add(list, word, most)
	local words = {}
	for each in string.gmatch(list, '[^,]+') do
		if each ~= word then
			words[#words + 1] = each
		end
	end
	words[#words + 1] = word
	return table.concat(words, ',', math.max(1, #words - most + 1))
end

-- Notes the number of a client's connect; 0: it has none. Where numbers fall back a page was loaded
-- again and counts anew: what was done under the old ids says nothing of the new.
local function note_count(client, count, had)
	count = tonumber(count) or 0
	if count == 0 then
		return
	end
	if count < (tonumber(had) or 0) then
		call('HINCRBY', client, 'era', 1)
		call('HDEL', client, 'ids')
	end
	call('HSET', client, 'count', digits(count))
end
