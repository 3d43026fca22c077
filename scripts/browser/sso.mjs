import { expectEqual } from '../tour/steps.mjs';
import { enter } from './password.mjs';
import { Visitor } from './visitor.mjs';

/** Signs in through the development identity provider, found by the domain of the e-mail address. */
export async function signInBySso(runner, stage) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);

  await runner.step('The user signs in through the identity provider of the institution', async (see) => {
    await visitor.open('/sign-in');
    await enter(visitor, 'mentor@gme.example');
    await visitor.look('13-institution');
    await visitor.follow('Continue with Development identity provider');
    await visitor.page.screenshot({ path: `${stage.pictures}/14-identity-provider.png`, fullPage: true });
    await visitor.page.getByRole('button', { name: /mentor@gme\.example/ }).click();
    await visitor.arriveAt('/account');
    see(await visitor.look('15-account-by-sso'));
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
}
