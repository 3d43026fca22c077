import fs from 'node:fs';
import path from 'node:path';
import { expectEqual, expectThat } from '../tour/steps.mjs';
import { signInAsOwner } from './enforcement.mjs';
import { choose, goToProvider } from './sso.mjs';
import { Visitor } from './visitor.mjs';

/** Links the password account of an owner to single sign-on, and replaces the connection by another one. */
export async function linkAndReplace(runner, stage, owner) {
  addToProvider(stage, owner.email);
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);

  await runner.step('An owner with a password links the account to single sign-on', async (see) => {
    await goToProvider(visitor, 'mentor@gme.example');
    await choose(visitor, owner.email);
    await visitor.arriveAt('/sign-in/link');
    await visitor.look('20-account-exists');
    await visitor.fill('Password of the account', owner.password);
    await visitor.press('Continue');
    await visitor.page.getByText('Use a recovery code').click();
    await visitor.look('21-factor-of-the-account');
    await visitor.fill('Recovery code', owner.recoveryCodes.pop());
    await visitor.page.locator('details').getByRole('button', { name: 'Continue' }).click();
    await visitor.page.getByRole('button', { name: 'Link and sign in' }).waitFor();
    see(await visitor.look('22-confirm-the-link'));
    await visitor.press('Link and sign in');
    await visitor.arriveAt('/account');
    expectThat('the account', (await account(visitor)).includes(owner.email), owner.email, await account(visitor));
    expectEqual('violations of the content security policy', visitor.violations, []);
  });
  await context.close();
  await replaceProvider(runner, stage, owner);
}

/** Moves the identities to a second connection of the same provider, and signs in through it. */
async function replaceProvider(runner, stage, owner) {
  const context = await stage.browser.newContext();
  const visitor = new Visitor(await context.newPage(), stage);
  const through = await runner.step('An owner replaces the connection, and a move keeps the accounts', async (see) => {
    await visitor.open('/sign-in');
    await signInAsOwner(visitor, owner);
    const { id, loginUrl, moved } = await visitor.page.evaluate(replace, metadataOf(stage));
    see(`${moved.status}: ${JSON.stringify(moved.body.counts ?? moved.body)}`);
    expectEqual('the answer to the move', moved.status, 201);
    return { id, loginUrl };
  });
  await context.close();

  const next = await stage.browser.newContext();
  const member = new Visitor(await next.newPage(), stage);
  await runner.step('The members sign in through the new connection with their accounts', async (see) => {
    await member.open(new URL(through.loginUrl).pathname);
    await choose(member, 'mentor@gme.example');
    await member.arriveAt('/account');
    see(await member.look('24-account-by-the-new-connection'));
    expectEqual('violations of the content security policy', member.violations, []);
  });
  await next.close();
}

/** Runs in the page of an owner: adds a connection with the same metadata, and moves the identities to it. */
async function replace(metadata) {
  const send = (method, url, body) =>
    fetch(url, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) }).then(
      async (answer) => ({ status: answer.status, body: await answer.json() }),
    );
  const { items } = (await send('GET', '/v1/sso/connections')).body;
  const [old] = items;
  const { id, loginUrl } = (
    await send('POST', '/v1/sso/connections', { name: 'Second connection', metadata, groupRoles: old.groupRoles })
  ).body;
  const move = { fromConnectionId: old.id, matchBy: 'subject', days: 30 };
  const moved = await send('POST', `/v1/sso/connections/${id}/identity-move`, move);
  return { id, loginUrl, moved };
}

const account = (visitor) => visitor.page.locator('main').innerText();
const metadataOf = ({ home }) => fs.readFileSync(path.join(home, 'idp', 'metadata.xml'), 'utf8');

/** Adds the owner to the users of the development identity provider, which reads the file for each page. */
function addToProvider({ home, demo }, email) {
  const roles = ['program_director', 'mentor', 'trainee'];
  const known = roles.map((role) => ({ email: `${role.replaceAll('_', '.')}@gme.example`, name: role, role }));
  const users = [...known, { email, name: 'Owner with a password', role: 'program_director' }];
  expectThat('the demo data', demo.organizations.length > 0, 'organizations', demo);
  fs.writeFileSync(
    path.join(home, 'idp', 'users.json'),
    JSON.stringify([
      ...users.map(({ role, ...user }) => ({ ...user, groups: [`gme:${role}`] })),
      { email: 'viewer@workforce.example', name: 'Viewer Example', groups: ['workforce:viewer'] },
    ]),
  );
}
