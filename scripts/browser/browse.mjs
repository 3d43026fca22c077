import fs from 'node:fs';
import path from 'node:path';
import { complain, say, step, Fixable } from '../lib/log.mjs';
import { StepRunner, Unexpected } from '../tour/steps.mjs';
import { launchBrowser } from './chromium.mjs';
import { signInByPasskey } from './passkey.mjs';
import { signInByPassword } from './password.mjs';
import { signInBySso } from './sso.mjs';
import { startSystem } from './system.mjs';

/** Signs in by password with a code, by passkey, and by single sign-on. Returns the exit code. */
export async function browse() {
  const runner = new StepRunner();
  const system = await step('Starting an installation', startSystem);
  const pictures = path.join(system.home, 'pictures');
  fs.mkdirSync(pictures, { recursive: true });
  const browser = await launchBrowser();
  try {
    const stage = { ...system, browser, pictures };
    const totp = await signInByPassword(runner, stage);
    await signInByPasskey(runner, stage, totp);
    await signInBySso(runner, stage);
    say(`\n✓ ${runner.steps} steps; pictures in ${pictures}`);
    return 0;
  } catch (error) {
    complain(
      error instanceof Unexpected || error.name === 'TimeoutError'
        ? new Fixable(`step ${runner.steps} failed: ${error.message}`)
        : error,
    );
    return 1;
  } finally {
    await browser.close();
    await system.stop();
  }
}
