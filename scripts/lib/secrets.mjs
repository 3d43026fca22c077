import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readJson, writePrivateJson } from './files.mjs';

const hex = (bytes) => randomBytes(bytes).toString('hex');

/** Secrets of a development installation, made once and kept in `<home>/secrets.json` (mode 0600). */
export function secrets(home) {
  const file = path.join(home, 'secrets.json');
  const kept = readJson(file);
  if (kept) return kept;
  const names = ['postgres', 'vouchsafe_migrator', 'vouchsafe_app', 'vouchsafe_worker', 'redis'];
  const made = {
    rootKey: hex(32),
    jwtSecret: hex(32),
    passwords: Object.fromEntries(names.map((name) => [name, hex(24)])),
  };
  writePrivateJson(file, made);
  return made;
}
