-- Refreshes the logs this node wants; those nobody keeps end. made: how many were missing.
-- ARGV node gen T pattern... -> OK made
local refused = gate(ARGV[1], ARGV[2])
if refused then
	return refused
end
local T, made = tonumber(ARGV[3]), 0

for i = 4, #ARGV do
	made = made + want(ARGV[i], T)
end
return { 'OK', digits(made) }
