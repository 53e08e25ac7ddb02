// compare_node.mjs VERDICTS CORPUS COUNT: mutates the corpus COUNT times and
// asks both JSON.parse and the program VERDICTS about each text.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const [verdicts, corpus, count] = process.argv.slice(2);
const seeds = readdirSync(corpus).map((name) => readFileSync(`${corpus}/${name}`));
const snippets = ['"', '\\', '\\u', '\\ud83d', '\\ude00', '{', '}', '[', ']', ',', ':', '0', '1',
	'-', '.', 'e', 'E+', '9', 'null', 'true', '"":', ' ', '\n', '\0', '\u00e9', '\u{1f600}',
	'"0x1f"', '" 12 "', '1e21', '1e-7', '123456789', '00000', '"a"', '[]', '{}']
	.map((text) => Buffer.from(text));

// The same texts on every run (mulberry32): a difference can be looked into.
let state = 1;
const random = (below) => {
	state = (state + 0x6d2b79f5) | 0;
	let t = Math.imul(state ^ (state >>> 15), 1 | state);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % below;
};
const pick = (list) => list[random(list.length)];

const changes = [
	(text, at) => [text.subarray(0, at), pick(snippets), text.subarray(at)],
	(text, at) => [text.subarray(0, at), text.subarray(at + 1 + random(3))],
	(text, at) => [text.subarray(0, at), Buffer.from([random(256)]), text.subarray(at + 1)],
	(text, at) => [text.subarray(0, at), pick(seeds)],
	(text, at) => [text.subarray(0, at), text.subarray(random(text.length + 1))],
	(text) => [Buffer.from('['), text, Buffer.from(','), pick(seeds), Buffer.from(']')],
];

const mutate = (text) => {
	for (let n = random(4); n > 0; n--)
		text = Buffer.concat(pick(changes)(text, random(text.length + 1)));
	return text;
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const parse = (bytes) => {
	try {
		return { value: JSON.parse(decoder.decode(bytes)) };
	} catch {
		return null;
	}
};

// Objects with a toString of their own make String() throw; fayed's do not.
const textOf = (value) => {
	try {
		return String(value).toWellFormed();
	} catch {
		return null;
	}
};

const depthOf = (bytes) => {
	let depth = 0, most = 0;
	for (const bracket of bytes.toString('latin1').replace(/"(\\.|[^"\\])*"/gs, '')) {
		if ('[{'.includes(bracket))
			most = Math.max(most, ++depth);
		else if (']}'.includes(bracket))
			depth--;
	}
	return most;
};

const difference = (bytes, verdict) => {
	const parsed = parse(bytes);
	if (!parsed)
		return verdict ? 'only fayed takes it' : null;
	if (!verdict)
		return depthOf(bytes) > 1024 ? null : 'only JSON.parse takes it';
	const { value } = parsed;
	const [copy, text, truth, number] = verdict;
	if (!isDeepStrictEqual(JSON.parse(copy), value))
		return `another copy: ${copy}`;
	if (textOf(value) !== null && text !== textOf(value))
		return `another text: ${text}, not ${textOf(value)}`;
	if (truth !== Boolean(value))
		return `another truth: ${truth}`;
	const numeric = ['number', 'string'].includes(typeof value);
	if (number !== String(numeric ? Number(value) : NaN))
		return `another number: ${number}`;
	return null;
};

const texts = [...seeds, ...Array.from({ length: count }, () => mutate(pick(seeds)))];
const input = Buffer.concat(texts.flatMap((text) => {
	const head = Buffer.alloc(4);
	head.writeUInt32LE(text.length);
	return [head, text];
}));
const { status, signal, stdout, stderr } = spawnSync(verdicts, { input, maxBuffer: 1 << 30 });
if (status !== 0)
	throw new Error(`${verdicts}: ${signal ?? status} ${stderr}`);
const lines = stdout.toString().trimEnd().split('\n');
if (lines.length !== texts.length)
	throw new Error(`${lines.length} verdicts on ${texts.length} texts`);

let failed = 0, valid = 0;
texts.forEach((text, i) => {
	const verdict = JSON.parse(lines[i]);
	const found = difference(text, verdict);
	valid += verdict !== null;
	if (found && failed++ < 20)
		console.log(`${found}\n  ${JSON.stringify(text.toString('latin1')).slice(0, 300)}`);
});
console.log(`${valid} valid texts of ${texts.length}`);
console.log(`${texts.length - failed} passed, ${failed} failed`);
process.exitCode = failed || !valid ? 1 : 0;
