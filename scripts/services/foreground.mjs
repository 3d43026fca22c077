import { makeHome } from '../lib/files.mjs';
import { aborted, foreground } from '../lib/foreground.mjs';
import { Fixable, say, step } from '../lib/log.mjs';
import { stateHome } from '../lib/paths.mjs';
import { forgetProcess, takeLock } from '../lib/run-files.mjs';
import { startServices } from './index.mjs';

/** Starts the services, prints their environment for `export`, and waits for a stop signal. */
export const runServices = () =>
  foreground(async (stopping) => {
    const home = stateHome();
    makeHome(home);
    const holder = takeLock(home, 'start');
    if (holder) throw new Fixable(`Vouchsafe already runs in ${home} (process ${holder}).`, `kill ${holder}`);
    const services = await step('Starting Postgres and Redis', () => startServices({ home }));
    for (const [name, value] of Object.entries(services.env)) say(`export ${name}='${value}'`);
    say('ready');
    await aborted(stopping);
    await services.stop();
    forgetProcess(home, 'start');
  });
