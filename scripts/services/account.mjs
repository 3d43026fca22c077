import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from '../lib/log.mjs';
import { root } from '../lib/paths.mjs';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];
/** capabilities(7): reading and searching past file modes, or full access where the former is withheld (containers). */
const BYPASS = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
];

const accounts = () =>
  fs
    .readFileSync('/etc/passwd', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));

const ownerOf = (file) => fs.statSync(file, { throwIfNoEntry: false });

/** Chooses an account other than root: the owner of the data, the owner of the checkout, `postgres`, or `nobody`. */
function chooseAccount(server, data) {
  const existing = ownerOf(data);
  if (existing && existing.uid !== 0) return { name: `number ${existing.uid}`, uid: existing.uid, gid: existing.gid };
  const known = accounts().filter(({ uid }) => uid !== 0); // initdb requires a name for the uid
  const owner = ownerOf(root).uid;
  const chosen =
    known.find(({ uid }) => uid === owner) ??
    known.find(({ name }) => name === 'postgres') ??
    known.find(({ name }) => name === 'nobody');
  if (!chosen)
    throw new Fixable(
      `${server} does not run as root, and /etc/passwd has no other account for it.`,
      'useradd --system postgres',
    );
  return chosen;
}

function mayPass(folder, { uid, gid }) {
  const { mode, uid: owner, gid: group } = fs.statSync(folder);
  if (owner === uid) return (mode & 0o100) !== 0;
  return (mode & (group === gid ? 0o010 : 0o001)) !== 0;
}

function reachable(target, account) {
  for (let folder = target; ; folder = path.dirname(folder)) {
    if (!mayPass(folder, account)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

function heldBypass() {
  const held = BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  return BYPASS.find(({ bit }) => (held >> bit) & 1n);
}

/**
 * Returns how to start a server that does not run as root, as Postgres and PgBouncer. Ordinary users need nothing. Root
 * uses an existing account by number, so nothing on the machine changes. If that account cannot reach the folders (a
 * checkout in a private home folder), the server starts through setpriv(1) with the one capability to traverse them.
 * Returns { uid, gid, wrap(command, args) → {command, args, uid?, gid?} }.
 */
export function serverAccount({ server = 'Postgres', data, binaries }) {
  if (process.getuid?.() !== 0) return { wrap: (command, args) => ({ command, args }) };
  const { uid, gid, name } = chooseAccount(server, data);
  const folders = [path.dirname(data), binaries];
  if (folders.every((folder) => reachable(folder, { uid, gid }))) {
    return { uid, gid, wrap: (command, args) => ({ command, args, uid, gid }) };
  }
  const setpriv = SETPRIV.find((file) => fs.existsSync(file));
  const bypass = heldBypass();
  if (!setpriv || !bypass) {
    throw new Fixable(
      `${server} does not run as root, and account ${name} cannot reach ${folders.join(' or ')}.`,
      `cp -a ${root} /srv/vouchsafe && cd /srv/vouchsafe && npm start`,
    );
  }
  // Without the securebit, access(2) ignores the capability (capabilities(7)), and Postgres uses access(2).
  const flags = [
    '--securebits=+no_setuid_fixup',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=-all,+${bypass.name}`,
    `--ambient-caps=-all,+${bypass.name}`,
    '--',
  ];
  return { uid, gid, wrap: (command, args) => ({ command: setpriv, args: [...flags, command, ...args] }) };
}
