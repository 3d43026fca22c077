import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from './log.mjs';

/** Creates the state folder. Other accounts can traverse it, as the database account must; only the owner lists it. */
export function makeHome(home) {
  try {
    fs.mkdirSync(home, { recursive: true, mode: 0o711 });
    for (const name of ['run', 'logs', 'storage'])
      fs.mkdirSync(path.join(home, name), { recursive: true, mode: 0o700 });
    fs.accessSync(path.join(home, 'run'), fs.constants.W_OK);
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    throw new Fixable(
      `${home} is owned by another user.`,
      `sudo chown -R "$(id -u)" ${home}   or   VOUCHSAFE_HOME=<another folder> npm start`,
    );
  }
}

/** Returns a parsed JSON file; undefined when it does not exist or is incomplete. */
export function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a JSON file atomically, readable by its owner only. */
export function writePrivateJson(file, value) {
  const draft = `${file}.${process.pid}.new`;
  fs.writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  fs.renameSync(draft, file);
}

/** Returns the last lines of a log, for error messages. */
export function tail(file, lines = 12) {
  if (!fs.existsSync(file)) return '';
  return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
