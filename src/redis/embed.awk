# Writes scripts.c: awk -f embed.awk common.lua x.lua y.lua ... The first file goes in front of each of the others.
function finish() {
	if (files == 1)
		common = text
	else
		printf "\t[REDIS_%s] = SCRIPT(\"%s\",\n%s%s\t),\n", toupper(name), name, common, text
}

BEGIN {
	print "/* Made of lua/ by embed.awk: do not edit. */"
	print "#include \"redis/scripts.h\"\n"
	print "#define SCRIPT(name, text) { name, text, sizeof(text) - 1 }\n"
	print "const struct redis_script redis_scripts[REDIS_SCRIPT_COUNT] = {"
}

FNR == 1 {
	if (files)
		finish()
	files++
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.lua$/, "", name)
	text = ""
}

{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	text = text "\t\t\"" $0 "\\n\"\n"
}

END {
	finish()
	print "};\n"
	printf "_Static_assert(REDIS_SCRIPT_COUNT == %d, \"a script is not listed\");\n", files - 1
}
