import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readJson, writePrivateJson } from './files.mjs';

const hex = (bytes) => randomBytes(bytes).toString('hex');

/** Returns the secrets of a development installation, created once in `<home>/secrets.json` (mode 0600). */
export function secrets(home) {
  const file = path.join(home, 'secrets.json');
  const stored = readJson(file);
  if (stored) return stored;
  const names = ['postgres', 'vouchsafe_migrator', 'vouchsafe_app', 'vouchsafe_worker', 'redis'];
  const created = {
    rootKey: hex(32),
    jwtSecret: hex(32),
    passwords: Object.fromEntries(names.map((name) => [name, hex(24)])),
  };
  writePrivateJson(file, created);
  return created;
}
