import { expectEqual } from '../tour/steps.mjs';
import { AuthenticatorApp } from './totp.mjs';
import { Visitor } from './visitor.mjs';

/** Signs in with JavaScript disabled. Returns the account with its recovery codes. */
export async function signInByPassword(runner, stage) {
  const context = await stage.browser.newContext({ javaScriptEnabled: false });
  const visitor = new Visitor(await context.newPage(), stage, { scripts: false });
  const { email, password } = stage.demo.signIns.find(({ role }) => role === 'program_director');

  await runner.step('The user signs in with e-mail address and password, without JavaScript', async (see) => {
    await visitor.open('/account');
    expectEqual('the page for a visitor without a session', await visitor.look('01-address'), 'Sign in');
    await enter(visitor, email);
    await visitor.look('02-password');
    await visitor.fill('Password', 'Wrong-Password-1');
    await visitor.press('Sign in');
    expectEqual(
      'the message for a wrong password',
      await visitor.page.getByRole('alert').innerText(),
      'The e-mail address or the password is incorrect.',
    );
    await visitor.look('03-wrong-password');
    await visitor.fill('Password', password);
    await visitor.press('Sign in');
    await visitor.arriveAt('/account');
    see(await visitor.look('04-account'));
  });

  const { app, recoveryCodes } = await runner.step('The user sets up an authenticator app', async (see) => {
    await visitor.follow('Second factors and passkeys');
    await visitor.look('05-security');
    await visitor.press('Set up an authenticator app');
    await visitor.look('06-authenticator-app');
    const newApp = new AuthenticatorApp((await visitor.page.locator('#key').innerText()).replaceAll(' ', ''));
    await visitor.fill('Code from the app', await newApp.code());
    await visitor.press('Confirm');
    const codes = await visitor.page.locator('.code li').allInnerTexts();
    see(`${await visitor.look('07-recovery-codes')}: ${codes.length}`);
    return { app: newApp, recoveryCodes: codes };
  });

  await runner.step('The next sign-in also asks for a code', async (see) => {
    await visitor.open('/account');
    await signOut(visitor);
    await enter(visitor, email);
    await visitor.fill('Password', password);
    await visitor.press('Sign in');
    await visitor.arriveAt('/sign-in/mfa');
    await visitor.look('08-mfa');
    await visitor.fill('Code from your authenticator app', await app.code());
    await visitor.press('Continue');
    await visitor.arriveAt('/account');
    see(await visitor.look('09-account-with-code'));
  });
  await context.close();
  return { email, password, recoveryCodes };
}

/** Signs out, and returns to the sign-in page. */
export async function signOut(visitor) {
  await visitor.press('Sign out');
  await visitor.arriveAt('/signed-out');
  await visitor.follow('Sign in');
  await visitor.arriveAt('/sign-in');
}

export async function enter(visitor, email) {
  await visitor.fill('E-mail address', email);
  await visitor.press('Continue');
}
