import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { readJson } from '../lib/files.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { tryPort } from '../lib/ports.mjs';
import { nodeBinary } from '../lib/runtime.mjs';

/** A new installation as `npm start` makes it, under a name that passkeys accept: they know no addresses of numbers. */
export async function startSystem() {
  const home = await freshHome('browser');
  const port = await tryPort(0);
  const env = { ...process.env, VOUCHSAFE_HOME: home, PORT: String(port), PUBLIC_URL: `http://localhost:${port}` };
  const child = spawn(nodeBinary(), [inRoot('scripts/start.mjs')], {
    env,
    cwd: inRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      said += text;
      if (/^ready$/m.test(said)) resolve();
    });
    child.on('exit', () => reject(new Fixable(`The system did not start:\n${said}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { home, url: env.PUBLIC_URL, demo: readJson(path.join(home, 'demo.json')), stop };
}
