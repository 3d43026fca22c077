import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';

/** The environment of the server, without secrets of the starting process. */
export const serverEnv = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** A Unicode locale that is equal on every machine; the built-in provider exists since Postgres 17. */
const locale = (major) =>
  major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C.UTF-8'];

/** Changes the owner of a copy that root made, because the server must own its data. */
function ownTree(entry, { uid, gid }) {
  const stat = fs.lstatSync(entry);
  if (stat.uid !== uid) fs.lchownSync(entry, uid, gid);
  if (stat.isDirectory()) for (const name of fs.readdirSync(entry)) ownTree(path.join(entry, name), { uid, gid });
}

/** Creates the data folder if it is missing. It gets its final name only when it is complete. */
export async function ensureCluster({ data, binaries, account, password, durable }) {
  const version = path.join(data, 'PG_VERSION');
  if (fs.existsSync(version)) {
    const found = Number(fs.readFileSync(version, 'utf8'));
    if (account.uid !== undefined && fs.statSync(data).uid !== account.uid) ownTree(data, account);
    if (found === binaries.major) return;
    throw new Fixable(
      `${data} was written by Postgres ${found}; the binaries are version ${binaries.major}.`,
      `mv ${data} ${data}-${found}`,
    );
  }
  const draft = `${data}.new`;
  const secret = `${data}.password`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { mode: 0o700 });
  fs.rmSync(secret, { force: true });
  fs.writeFileSync(secret, password, { mode: 0o600 });
  if (account.uid !== undefined) for (const file of [draft, secret]) fs.chownSync(file, account.uid, account.gid);
  try {
    const { command, args, uid, gid } = account.wrap(path.join(binaries.bin, 'initdb'), [
      '-D',
      draft,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${secret}`,
      '--encoding=UTF8',
      '--data-checksums',
      '--no-instructions',
      ...locale(binaries.major),
      ...(durable ? [] : ['--no-sync']),
    ]);
    const { code, stderr } = await run(command, args, { env: serverEnv, cwd: '/', uid, gid });
    if (code !== 0) throw new Fixable(`initdb failed: ${stderr.trim()}`, `rm -rf ${draft} && npm start`);
    fs.renameSync(draft, data);
  } finally {
    fs.rmSync(secret, { force: true });
  }
}
