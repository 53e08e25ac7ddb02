// The matrix: every kind of client that is driven, one for each version, transport and extension. The cases of
// cases/ go over it, and so does README's table of compatibility.
import { fileURLToPath } from 'node:url';

const driver = (name) => fileURLToPath(new URL(`drivers/${name}`, import.meta.url));
const TRANSPORTS = ['websocket', 'long-polling'];

const FAYE = {
  family: 'faye',
  title: 'npm `faye` under Node',
  versions: ['0.8.11', '1.0.3', '1.1.3', '1.2.5', '1.4.0', '1.4.3'],
  command: (version) => [process.execPath, driver('faye.mjs'), version],
  extensions: [''],
  asksAgain: true, // a message that was not answered goes out again with the same id
  anyString: true, // halves of surrogate pairs are as good as any other text
};

const RUBY = {
  ...FAYE,
  family: 'ruby-faye',
  title: "Debian's `ruby-faye`",
  versions: ['1.4.0'],
  command: () => ['ruby', driver('faye.rb')],
  anyString: false,
};

const COMETD = {
  ...FAYE,
  family: 'cometd',
  title: 'npm `cometd` under Node',
  versions: ['9.0.0'],
  command: () => [process.execPath, driver('cometd.mjs')],
  extensions: ['', 'ack', 'timesync'],
  asksAgain: false,
};

export const FAMILIES = [FAYE, RUBY, COMETD];

const kindsOf = (family) => family.versions.flatMap((version) => TRANSPORTS.flatMap((transport) => family.extensions.map((extension) => ({
  ...family,
  version,
  transport,
  extension,
  name: `${family.family}-${version} ${transport}${extension && ` with ${extension}`}`,
  command: family.command(version),
}))));

export const KINDS = FAMILIES.flatMap(kindsOf);
