import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { readJson } from '../lib/files.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { tryPort } from '../lib/ports.mjs';
import { nodeBinary } from '../lib/runtime.mjs';

/** Starts a new installation as `npm start` does, with a hostname, because passkeys do not work with an IP. */
export async function startSystem() {
  const home = await freshHome('browser');
  const port = await tryPort(0);
  const env = { ...process.env, VOUCHSAFE_HOME: home, PORT: String(port), PUBLIC_URL: `http://localhost:${port}` };
  const child = spawn(nodeBinary(), [inRoot('scripts/start.mjs')], {
    env,
    cwd: inRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      output += text;
      if (/^ready$/m.test(output)) resolve();
    });
    child.on('exit', () => reject(new Fixable(`The installation did not start:\n${output}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { home, url: env.PUBLIC_URL, demo: readJson(path.join(home, 'demo.json')), stop };
}
