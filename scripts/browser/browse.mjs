import fs from 'node:fs';
import path from 'node:path';
import { complain, say, step, Fixable } from '../lib/log.mjs';
import { StepRunner, Unexpected } from '../tour/steps.mjs';
import { launchBrowser } from './chromium.mjs';
import { testAndEnforce } from './enforcement.mjs';
import { linkAndReplace } from './linking.mjs';
import { signInByPasskey } from './passkey.mjs';
import { signInByPassword } from './password.mjs';
import { signInBySso } from './sso.mjs';
import { openStartPage } from './start-page.mjs';
import { startSystem } from './system.mjs';

/**
 * Opens the start page, signs in with each method, links an account, replaces a provider, and enforces single sign-on.
 * Returns the exit code.
 */
export async function browse() {
  const runner = new StepRunner();
  const system = await step('Starting an installation', startSystem);
  const pictures = path.join(system.home, 'pictures');
  fs.mkdirSync(pictures, { recursive: true });
  const browser = await launchBrowser();
  try {
    const stage = { ...system, browser, pictures };
    await openStartPage(runner, stage);
    const owner = await signInByPassword(runner, stage);
    await signInByPasskey(runner, stage);
    await signInBySso(runner, stage);
    await linkAndReplace(runner, stage, owner);
    await testAndEnforce(runner, stage, owner);
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
