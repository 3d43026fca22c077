import { expectEqual, expectThat } from '../tour/steps.mjs';
import { enter } from './password.mjs';
import { choose } from './sso.mjs';
import { Visitor } from './visitor.mjs';

/** Tests the connection of the institution in a browser, enforces SSO, and signs in another way afterward. */
export async function testAndEnforce(runner, stage, owner) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);

  const address = await runner.step('An owner tests the connection in a browser', async (see) => {
    await visitor.open('/sign-in');
    await signInAsOwner(visitor, owner);
    const page = `/sso-test/${await firstConnection(visitor)}`;
    see(await testConnection(visitor, page));
    return page;
  });

  await runner.step('The owner enforces single sign-on from the same page', async (see) => {
    await visitor.open(address);
    await visitor.press('Enforce single sign-on');
    await visitor.page.getByRole('heading', { name: 'Single sign-on is enforced' }).waitFor();
    see(await visitor.look('32-enforced'));
  });

  await runner.step('The sign-in page offers the provider only, and leads an owner to another way', async (see) => {
    await visitor.open('/account');
    await visitor.press('Sign out');
    await visitor.open('/sign-in');
    await enter(visitor, 'mentor@gme.example');
    await visitor.look('33-provider-only');
    expectEqual('password fields', await visitor.page.getByLabel('Password', { exact: true }).count(), 0);
    await visitor.follow('Sign in another way');
    see(await visitor.look('34-another-way'));
    await visitor.open('/sign-in?' + new URLSearchParams({ email: owner.email, anotherWay: 'yes' }));
    await signIn(visitor, owner);
    see(await visitor.look('35-owner-by-break-glass'));
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
}

/** Signs in from the sign-in page, with the password and a recovery code. */
export async function signInAsOwner(visitor, owner) {
  await enter(visitor, owner.email);
  await signIn(visitor, owner);
}

/** Signs in with the password and a recovery code: the codes of the app were used in the steps before. */
async function signIn(visitor, { password, recoveryCodes }) {
  await visitor.fill('Password', password);
  await visitor.press('Sign in');
  await visitor.arriveAt('/sign-in/mfa');
  const details = visitor.page.locator('details');
  await details.locator('summary').click();
  await visitor.fill('Recovery code', recoveryCodes.pop());
  await details.getByRole('button', { name: 'Continue' }).click();
  await visitor.arriveAt('/account');
}

async function firstConnection({ page }) {
  const { items } = await page.evaluate(() => fetch('/v1/sso/connections').then((answer) => answer.json()));
  return items[0].id;
}

/** Runs a test on its page, and returns what the page shows. */
async function testConnection(visitor, page) {
  await visitor.open(page);
  await visitor.look('30-before-the-test');
  await visitor.press('Begin the test');
  await choose(visitor, 'mentor@gme.example');
  await visitor.arriveAt(page);
  await visitor.page.getByRole('heading', { name: 'The test was successful' }).waitFor();
  await visitor.look('31-result-of-the-test');
  const text = await visitor.page.locator('dl').innerText();
  for (const part of ['mentor@gme.example', 'gme:mentor', 'by the group gme:mentor'])
    expectThat('the result', text.includes(part), part, text);
  return text.replaceAll(/\s+/g, ' ');
}
