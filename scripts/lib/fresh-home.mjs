import fs from 'node:fs';
import path from 'node:path';
import { makeHome } from './files.mjs';
import { Fixable } from './log.mjs';
import { stateHome } from './paths.mjs';
import { reapOrphan, takeLock } from './run-files.mjs';

/** Creates an empty state folder for one run at a time, after it ends processes that a killed run left. */
export async function freshHome(name) {
  const home = path.join(stateHome(), name);
  makeHome(stateHome());
  makeHome(home);
  const holder = takeLock(home, name);
  if (holder) throw new Fixable(`This command is already running (process ${holder}).`, `kill ${holder}`);
  await Promise.all([reapOrphan(home, 'postgres', 'SIGINT'), reapOrphan(home, 'redis')]);
  for (const entry of fs.readdirSync(home)) if (entry !== 'run') fs.rmSync(path.join(home, entry), { recursive: true });
  makeHome(home);
  return home;
}
