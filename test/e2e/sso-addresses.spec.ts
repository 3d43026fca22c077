import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';
import { inviteToken, mailsTo } from '../harness/mail.js';

/** An address that the provider of the claiming organization asserts. Its owner is invited by another organization. */
const ADDRESS = 'viewer@workforce.example';
const PASSWORD = 'Brisk-Otter-41';

let harness: Harness;
let provider: IdentityProvider;
let claiming: { org: string; director: Client; connection: string };
let inviting: { org: string; director: Client };

async function organization() {
  const org = await harness.make.organization('gme');
  return { org, director: await harness.signIn((await harness.make.member(org, 'program_director')).email) };
}

/** Makes the organization accept SAML only, through a provider that asserts the address. */
async function connect(org: string): Promise<string> {
  const metadata = await provider.metadata();
  const groupRoles = [{ group: 'workforce:viewer', role: 'mentor' }];
  const { id } = await harness.operator.within(org, () =>
    harness.operator.app.get(SsoSetupService).create({ name: 'Test', metadata, groupRoles }),
  );
  await superuser(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, [org]);
  return id;
}

const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const addMember = async ({ director }: { director: Client }) =>
  (await director.post('/v1/memberships', { email: ADDRESS, name: 'Synthetic', role: 'mentor' })).status;
const organizationsOf = async (client: Client) =>
  ((await client.get('/v1/auth/organizations')).body.items as { id: string }[]).map(({ id }) => id);

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
  const { org, director } = await organization();
  claiming = { org, director, connection: '' };
  inviting = await organization();
  expect(await addMember(claiming)).toBe(201);
  claiming.connection = await connect(claiming.org);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

describe('an address that an organization names and its provider asserts', () => {
  const byProvider = () => signInBySaml(provider, asserted, claiming.connection, ADDRESS);
  let asserted: Client;
  let invitee: Client;

  it('still belongs to its owner: another organization invites it, and the owner sets a password', async () => {
    asserted = harness.client();
    expect((await byProvider()).status).toBe(303);
    await inviting.director.post('/v1/invites', { email: ADDRESS, name: 'Owner', role: 'mentor' });
    invitee = harness.client();
    const { status } = await invitee.post('/v1/invites/accept', {
      token: await inviteToken(harness, ADDRESS),
      password: PASSWORD,
    });
    expect(status).toBe(200);
    expect((await invitee.get('/v1/auth/me')).body.organization.id).toBe(inviting.org);
    const users = await superuser<{ scope: string | null; proven: boolean }>(
      `SELECT scoped_org_id AS scope, email_proven_at IS NOT NULL AS proven FROM users
        WHERE email = $1 ORDER BY scoped_org_id NULLS FIRST`,
      [ADDRESS],
    );
    expect(users).toEqual([
      { scope: null, proven: true },
      { scope: claiming.org, proven: false },
    ]);
  });

  it('gives neither side access to the other organization', async () => {
    expect(await organizationsOf(invitee)).toEqual([inviting.org]);
    expect((await byProvider()).status).toBe(303);
    expect(await organizationsOf(asserted)).toEqual([claiming.org]);
    const answers = [
      await asserted.post('/v1/auth/organization', { orgId: inviting.org }),
      await invitee.post('/v1/auth/organization', { orgId: claiming.org }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  });

  it('receives a mail that resets the password', async () => {
    const before = (await mailsTo(harness, ADDRESS)).length;
    await harness.client().post('/v1/auth/password/forgot', { email: ADDRESS });
    await harness.settled();
    const mails = await mailsTo(harness, ADDRESS);
    expect([mails.length, mails.at(-1)!.text.includes('/account/reset#token=')]).toEqual([before + 1, true]);
  });

  it('does not carry the memberships of other organizations to the provider', async () => {
    const [first, second] = [await organization(), await organization()];
    await superuser('UPDATE users SET email = $2 WHERE email = $1', [ADDRESS, 'earlier@workforce.example']);
    expect([await addMember(first), await addMember(second)]).toEqual([201, 201]);
    const connection = await connect(first.org);
    const client = harness.client();
    expect((await signInBySaml(provider, client, connection, ADDRESS)).status).toBe(303);
    expect(await organizationsOf(client)).toEqual([first.org]);
    const members = await superuser<{ org: string; scope: string | null }>(
      `SELECT m.org_id AS org, u.scoped_org_id AS scope FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE u.email = $1 ORDER BY u.scoped_org_id NULLS FIRST`,
      [ADDRESS],
    );
    expect(members).toEqual([
      { org: second.org, scope: null },
      { org: first.org, scope: first.org },
    ]);
  });

  it('is given back by the migration if an earlier version linked it', async () => {
    const [linked, unrelated] = [await organization(), await organization()];
    await superuser('UPDATE users SET email = $2 WHERE email = $1', [ADDRESS, 'older@workforce.example']);
    expect(await addMember(linked)).toBe(201);
    const connection = await connect(linked.org);
    const client = harness.client();
    await signInBySaml(provider, client, connection, ADDRESS);
    // the state that an earlier version left: one account without a proof, with an identity and another membership
    await superuser('UPDATE users SET scoped_org_id = NULL WHERE email = $1', [ADDRESS]);
    expect(await addMember(unrelated)).toBe(201);
    const migration = readFileSync('migrations/0004-source-authority-and-scoped-users.sql', 'utf8');
    await superuser(migration.slice(migration.indexOf('DO $$')));
    expect(await organizationsOf(client)).toEqual([linked.org]);
    const members = await superuser<{ org: string; scope: string | null }>(
      `SELECT m.org_id AS org, u.scoped_org_id AS scope FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE u.email = $1 ORDER BY u.scoped_org_id NULLS FIRST`,
      [ADDRESS],
    );
    expect(members).toEqual([
      { org: unrelated.org, scope: null },
      { org: linked.org, scope: linked.org },
    ]);
  });
});
