import { expectEqual } from '../tour/steps.mjs';
import { AuthenticatorApp } from './totp.mjs';
import { Visitor } from './visitor.mjs';

/** Everything here happens with scripts switched off. Returns the account, with its authenticator app. */
export async function signInByPassword(story, stage) {
  const context = await stage.browser.newContext({ javaScriptEnabled: false });
  const visitor = new Visitor(await context.newPage(), stage, { scripts: false });
  const { email, password } = stage.demo.signIns.find(({ role }) => role === 'program_director');

  await story.step('An address, then a password, without any script', async (see) => {
    await visitor.open('/account');
    expectEqual('the page for whoever is not signed in', await visitor.look('01-address'), 'Sign in');
    await enter(visitor, email);
    await visitor.look('02-password');
    await visitor.fill('Password', 'Wrong-Password-1');
    await visitor.press('Sign in');
    expectEqual(
      'what a wrong password is told',
      await visitor.page.getByRole('alert').innerText(),
      'The e-mail address or the password is wrong.',
    );
    await visitor.look('03-wrong-password');
    await visitor.fill('Password', password);
    await visitor.press('Sign in');
    await visitor.arriveAt('/account');
    see(await visitor.look('04-account'));
  });

  const app = await story.step('An authenticator app is set up', async (see) => {
    await visitor.follow('Second factors and passkeys');
    await visitor.look('05-security');
    await visitor.press('Set up an authenticator app');
    await visitor.look('06-authenticator-app');
    const made = new AuthenticatorApp((await visitor.page.locator('#key').innerText()).replaceAll(' ', ''));
    await visitor.fill('The code that the app shows', await made.code());
    await visitor.press('Confirm');
    see(`${await visitor.look('07-recovery-codes')}: ${await visitor.page.locator('.code li').count()}`);
    return made;
  });

  await story.step('The next sign-in asks for a code as well', async (see) => {
    await visitor.open('/account');
    await visitor.press('Sign out');
    await enter(visitor, email);
    await visitor.fill('Password', password);
    await visitor.press('Sign in');
    await visitor.arriveAt('/sign-in/mfa');
    await visitor.look('08-mfa');
    await visitor.fill('Code of your authenticator app', await app.code());
    await visitor.press('Continue');
    await visitor.arriveAt('/account');
    see(await visitor.look('09-account-with-code'));
  });
  await context.close();
  return { email, password, app };
}

export async function enter(visitor, email) {
  await visitor.fill('E-mail address', email);
  await visitor.press('Continue');
}
