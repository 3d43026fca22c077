import { expectEqual, expectThat } from '../tour/steps.mjs';
import { enter } from './password.mjs';
import { Visitor } from './visitor.mjs';

const CHOICE = 'Continue with Development identity provider';

/** Enters an address and follows the link to the identity provider of its domain. */
export async function goToProvider(visitor, email) {
  await visitor.open('/sign-in');
  await enter(visitor, email);
  await visitor.follow(CHOICE);
}

/** Chooses the user at the development identity provider. */
export function choose(visitor, email) {
  return visitor.page.getByRole('button', { name: new RegExp(email.replaceAll('.', String.raw`\.`)) }).click();
}

/** Signs in through the development identity provider, found by the domain of the e-mail address. */
export async function signInBySso(runner, stage) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);

  await runner.step('The user signs in through the identity provider of the institution', async (see) => {
    await visitor.open('/sign-in');
    await enter(visitor, 'mentor@gme.example');
    await visitor.look('13-institution');
    await visitor.follow(CHOICE);
    await visitor.page.screenshot({ path: `${stage.pictures}/14-identity-provider.png`, fullPage: true });
    await choose(visitor, 'mentor@gme.example');
    await visitor.arriveAt('/account');
    see(await visitor.look('15-account-by-sso'));
    expectEqual('violations of the content security policy', visitor.violations, []);
  });

  await runner.step('The user signs out on a shared computer, and another user signs in there', async (see) => {
    await visitor.press('Sign out');
    await visitor.arriveAt('/signed-out');
    see(await visitor.look('16-signed-out'));
    const notice = await visitor.page.getByRole('alert').innerText();
    expectThat('the notice', notice.includes('You are still signed in at'), 'that the provider goes on', notice);
    await visitor.open('/account');
    await visitor.arriveAt('/sign-in');
    await goToProvider(visitor, 'trainee@gme.example');
    await choose(visitor, 'trainee@gme.example');
    await visitor.arriveAt('/account');
    await visitor.look('17-account-of-the-next-user');
    const text = await visitor.page.locator('main').innerText();
    expectThat('the account', text.includes('trainee@gme.example'), 'the account of the next user', text);
  });

  await runner.step('A rejected answer ends on a page that says what to do', async (see) => {
    await visitor.press('Sign out');
    await visitor.page.waitForURL((url) => url.pathname !== '/account');
    await goToProvider(visitor, 'viewer@gme.example');
    await choose(visitor, 'viewer@workforce.example');
    see(await visitor.look('18-rejected-answer'));
    await expectAdvice(visitor, 'you have no access to this organization');
    await visitor.follow('Go to the sign-in page');
    await visitor.arriveAt('/sign-in');
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
}

/** Checks that the page of a problem contains a sentence, the next step, and the code for the administrator. */
export async function expectAdvice(visitor, sentence) {
  const text = await visitor.page.locator('main').innerText();
  for (const part of [sentence, 'Go to the sign-in page', 'send this code to your administrator'])
    expectThat('the page of the problem', text.includes(part), part, text);
}
