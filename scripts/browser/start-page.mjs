import { expectEqual } from '../tour/steps.mjs';
import { expectAdvice } from './sso.mjs';
import { Visitor } from './visitor.mjs';

/** Opens the start page and addresses that are not pages, without a session. */
export async function openStartPage(runner, stage) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);

  await runner.step('The start page leads a visitor to the sign-in page', async (see) => {
    await visitor.open('/');
    await visitor.arriveAt('/sign-in');
    see(await visitor.look('20-start-page'));
  });

  await runner.step('An unknown page and the assertion URL say what happened and what to do', async (see) => {
    await visitor.open('/no-such-page');
    see(await visitor.look('21-unknown-page'));
    await expectAdvice(visitor, 'There is no page at this address.');
    await visitor.open('/v1/sso/saml/01900000-0000-7000-8000-000000000001/acs');
    see(await visitor.look('22-assertion-url'));
    await expectAdvice(visitor, 'This address is not a page.');
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
}
