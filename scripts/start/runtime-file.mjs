import fs from 'node:fs';
import path from 'node:path';
import { readJson, writePrivateJson } from '../lib/files.mjs';
import { recordedProcess } from '../lib/run-files.mjs';

const NAMES = [
  'VOUCHSAFE_ENV',
  'VOUCHSAFE_HOME',
  'HOST',
  'PORT',
  'PUBLIC_URL',
  'IDP_PORT',
  'DATABASE_URL',
  'WORKER_DATABASE_URL',
  'MIGRATOR_DATABASE_URL',
  'REDIS_URL',
  'ROOT_KEY',
  'JWT_SECRET',
  'STORAGE_DIR',
  'MAIL_DIR',
];

const file = (home) => path.join(home, 'runtime.json');

/** Writes the application's variables for the CLI, the tour and the bench while `npm start` runs. */
export function writeRuntime(home, env) {
  writePrivateJson(file(home), Object.fromEntries(NAMES.map((name) => [name, env[name]])));
}

export const forgetRuntime = (home) => fs.rmSync(file(home), { force: true });

/** Returns the variables of the running `npm start`; undefined when none runs. */
export function readRuntime(home) {
  return recordedProcess(home, 'start') === undefined ? undefined : readJson(file(home));
}
