import { expectEqual } from '../tour/steps.mjs';
import { enter, signOut } from './password.mjs';
import { Visitor } from './visitor.mjs';

/** Signs in with a passkey in a virtual authenticator, as another user than the one with the authenticator app. */
export async function signInByPasskey(runner, stage) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);
  const devtools = await context.newCDPSession(visitor.page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const { email, password } = stage.demo.signIns.find(({ role }) => role === 'mentor');

  await runner.step('The user adds a passkey', async (see) => {
    await visitor.open('/sign-in');
    await enter(visitor, email);
    await visitor.fill('Password', password);
    await visitor.press('Sign in');
    await visitor.arriveAt('/account');
    await visitor.follow('Second factors and passkeys');
    await visitor.fill('Name of the passkey', 'Synthetic key');
    await visitor.press('Add a passkey');
    await visitor.page.getByText('Your recovery codes.').waitFor();
    see(`${await visitor.look('10-passkey-added')}: ${await visitor.page.locator('.code li').count()} recovery codes`);
  });

  await runner.step('The user signs in with the passkey only, without e-mail address or password', async (see) => {
    await visitor.open('/account');
    await signOut(visitor);
    await visitor.look('11-sign-in-with-passkey');
    await visitor.press('Sign in with a passkey');
    await visitor.arriveAt('/account');
    see(await visitor.look('12-account-by-passkey'));
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
}
