import fs from 'node:fs';
import path from 'node:path';
import { Fixable } from './log.mjs';

/** Creates the state folder: others may pass through it (the database account must), only its owner may list it. */
export function makeHome(home) {
  try {
    fs.mkdirSync(home, { recursive: true, mode: 0o711 });
    for (const name of ['run', 'logs', 'storage'])
      fs.mkdirSync(path.join(home, name), { recursive: true, mode: 0o700 });
    fs.accessSync(path.join(home, 'run'), fs.constants.W_OK);
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    throw new Fixable(
      `${home} belongs to another user.`,
      `sudo chown -R "$(id -u)" ${home}   or   VOUCHSAFE_HOME=<another folder> npm start`,
    );
  }
}

/** Parsed JSON file, or undefined when it does not exist or was cut off while being written. */
export function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes JSON that only its owner can read, and never half of it. */
export function writePrivateJson(file, value) {
  const draft = `${file}.${process.pid}.new`;
  fs.writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  fs.renameSync(draft, file);
}

/** Last lines of a log, for messages about a process that failed. */
export function tail(file, lines = 12) {
  if (!fs.existsSync(file)) return '';
  return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
