import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';
import { claimsOf, codeOf, linkedSubjects, newSubject } from '../harness/linking.js';
import { connectOidc, departOidc, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import { form, open } from '../harness/pages.js';

const LINK = '/v1/auth/sso-link';
const PASSWORD = { password: Factories.PASSWORD };
const EXPIRED = [401, 'sign_in_expired'];

let harness: Harness;
let idp: OidcIdp;
let org: string;
let connection: string;
let member: Member;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));
beforeEach(async () => {
  org = await harness.make.organization('gme');
  await harness.make.member(org, 'program_director');
  connection = await connectOidc(harness, org, idp.issuer, {
    groupRoles: [
      { group: 'directors', role: 'program_director' },
      { group: 'mentors', role: 'mentor' },
    ],
  });
  member = await harness.make.member(org, 'mentor');
});

const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const identities = () => linkedSubjects(harness, member.membershipId);
const changeConnection = (set: string) => superuser(`UPDATE sso_connections SET ${set} WHERE id = $1`, [connection]);
const requireMfa = () => superuser('UPDATE organizations SET require_mfa = true WHERE id = $1', [org]);

/** Signs in as the provider's user in some groups. Returns the browser with the offer of a link. */
async function offered(sub = newSubject(), groups = ['mentors'], client = harness.client()): Promise<Client> {
  const { claims } = claimsOf(member, sub);
  const answer = await signInByOidc(idp, client, connection, { claims: { ...claims, groups } });
  expect(codeOf(answer)).toEqual([409, 'sso_account_exists']);
  return client;
}

/** Returns the browser with an offer that the password of the account proved. */
async function proven(sub?: string, groups?: string[]): Promise<Client> {
  const client = await offered(sub, groups);
  expect((await client.post(`${LINK}/proof`, PASSWORD)).body.step).toBe('confirm');
  return client;
}

describe('a proven offer is rejected', () => {
  it.each([
    ['the issuer changes', () => changeConnection(`oidc_issuer = 'https://new.example'`)],
    ['the client changes', () => changeConnection(`oidc_client_id = 'other'`)],
    ['the certificates change', () => changeConnection(`idp_certificates = '{other}'`)],
    ['the entity id changes', () => changeConnection(`idp_entity_id = 'other'`)],
    ['the metadata URL changes', () => changeConnection(`metadata_url = 'https://new.example'`)],
    ['the allowed tenants change', () => changeConnection(`oidc_tenants = '{other}'`)],
    ['another claim is the e-mail address', () => changeConnection(`email_attribute = 'upn'`)],
    ['another claim has the groups', () => changeConnection(`group_attribute = 'roles'`)],
    ['the organization requires a factor', requireMfa],
    ['the user enrolls a factor', async () => void (await enrollTotp(await harness.signIn(member.email)))],
    [
      "the member's role changes",
      () => superuser(`UPDATE memberships SET role = 'program_director' WHERE id = $1`, [member.membershipId]),
    ],
  ])('if %s before the confirmation', async (_what, change: () => Promise<unknown>) => {
    const client = await proven();
    await change();
    expect(codeOf(await client.post(`${LINK}/confirm`))).toEqual(EXPIRED);
    expect(await identities()).toEqual([]);
  });

  it('if its subject has become known, whether the proof is recent or not', async () => {
    const sub = newSubject();
    const [first, second, third] = [await proven(sub), await proven(sub), await proven(sub)];
    expect((await first.post(`${LINK}/confirm`)).status).toBe(200);
    expect(codeOf(await second.post(`${LINK}/confirm`))).toEqual(EXPIRED);
    await superuser(
      `UPDATE app_private.pending_sign_ins SET proven_at = proven_at - interval '301 seconds' WHERE user_id = $1`,
      [member.userId],
    );
    expect(codeOf(await third.post(`${LINK}/confirm`))).toEqual(EXPIRED);
    expect(await identities()).toEqual([sub]);
    expect((await signInByOidc(idp, third, connection, claimsOf(member, sub))).status).toBe(303);
  });
});

describe('the role of a link', () => {
  it('comes from the mapping at the time of the confirmation', async () => {
    const client = await proven(newSubject(), ['directors']);
    expect((await client.get(LINK)).body.newRole).toBe('program_director');
    await changeConnection(`group_roles = '[]', default_role = 'mentor'`);
    expect((await client.get(LINK)).body.newRole).toBe('mentor');
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
    expect((await client.get('/v1/auth/me')).body.role).toBe('mentor');
  });

  it('is missing if the mapping gives none at that time, and then nothing is linked', async () => {
    const client = await proven(newSubject(), ['directors']);
    await changeConnection(`group_roles = '[]', default_role = NULL`);
    expect(codeOf(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_failed']);
    expect(await identities()).toEqual([]);
  });
});

describe('a proof', () => {
  it('with a factor is enough if the organization then requires one', async () => {
    const { authenticator } = await enrollPasskey(harness, await harness.signIn(member.email));
    const client = await offered();
    const options = (await client.get(`${LINK}/passkey-options`)).body;
    await client.post(`${LINK}/proof`, { passkey: authenticator.get(options) });
    await requireMfa();
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('with a password counts where no password opens a session, because a proof opens none', async () => {
    await superuser(`UPDATE organizations SET allowed_sign_in = '{oidc}' WHERE id = $1`, [org]);
    const client = await proven();
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('is not a password that must be changed, because another person knows it', async () => {
    await superuser('UPDATE users SET must_change_password = true WHERE id = $1', [member.userId]);
    const client = await offered();
    expect(codeOf(await client.post(`${LINK}/proof`, PASSWORD))).toEqual([403, 'password_change_required']);
    expect((await form(client, '/sign-in/link/proof', PASSWORD)).text).toContain('must be changed first');
    expect(codeOf(await client.post(`${LINK}/confirm`))).toEqual([403, 'sso_link_not_proven']);
  });
});

describe('an offer', () => {
  const saml = async () =>
    harness.operator.within(org, async () =>
      harness.operator.app.get(SsoSetupService).create({ name: 'SAML', metadata: await providerMetadata() }),
    );

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['opens the sign-in page', (client) => open(client, '/sign-in')],
    ['starts another sign-on with OpenID Connect', (client) => departOidc(client, connection)],
    ['starts one with SAML', async (client) => client.get(`/v1/sso/saml/${(await saml()).id}/login`)],
    ['signs in with a password', (client) => client.post('/v1/auth/login', { email: member.email, ...PASSWORD })],
  ])('ends when its user %s, so the next user of the computer cannot confirm it', async (_what, leave) => {
    const redis = new Redis(harness.env['REDIS_URL']!);
    const answers = async () => (await redis.keys('*sso:link:*')).length;
    const before = await answers();
    const client = await proven();
    const kept = client.at(client.baseUrl);
    expect(await answers()).toBe(before + 1);
    await leave(client);
    expect(client.cookieHeader).not.toContain('-sso-link=');
    expect(await answers()).toBe(before);
    redis.disconnect();
    for (const browser of [client, kept]) expect(codeOf(await browser.post(`${LINK}/confirm`))).toEqual(EXPIRED);
    const unended = 'SELECT 1 FROM app_private.pending_sign_ins WHERE user_id = $1 AND ended_at IS NULL';
    expect(await superuser(unended, [member.userId])).toEqual([]);
    expect(await identities()).toEqual([]);
  });

  it('ends when its user signs in with a passkey', async () => {
    const other = await harness.make.member(org, 'mentor');
    const { authenticator } = await enrollPasskey(harness, await harness.signIn(other.email));
    const client = await proven();
    const kept = client.at(client.baseUrl);
    const options = (await client.get('/v1/auth/passkeys/sign-in/options')).body;
    const credential = authenticator.get(options);
    expect((await client.post('/v1/auth/passkeys/sign-in', { credential })).status).toBe(200);
    for (const browser of [client, kept]) expect(codeOf(await browser.post(`${LINK}/confirm`))).toEqual(EXPIRED);
  });

  it('does not end when the browser keeps a mailed link', async () => {
    const client = await proven();
    await form(client, '/account/verify', { token: 'a-token' });
    expect(client.cookieHeader).toMatch(/-link=%2Faccount%2Fverify/);
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
  });

  it('ends when its user gets a sixth one', async () => {
    const clients = [await offered()];
    await superuser(
      `UPDATE app_private.pending_sign_ins SET expires_at = expires_at - interval '1 minute' WHERE user_id = $1`,
      [member.userId],
    );
    for (let i = 0; i < 5; i += 1) clients.push(await offered());
    const answers = await Promise.all(clients.map((client) => client.get(LINK)));
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 200, 200, 200, 200]);
  });
});

describe('a link', () => {
  it("removes the member's move to the connection", async () => {
    const old = await connectOidc(harness, org, idp.issuer);
    await superuser(
      `INSERT INTO sso_moves (org_id, connection_id, membership_id, match_by, match_key, allow_lower_role, expires_at)
       SELECT $1, c, $3, 'subject', 'moved subject', false, now() + interval '1 day' FROM unnest($2::uuid[]) c`,
      [org, [old, connection], member.membershipId],
    );
    const client = await proven();
    expect((await client.post(`${LINK}/confirm`)).status).toBe(200);
    const moves = 'SELECT connection_id AS id FROM sso_moves WHERE membership_id = $1';
    expect(await superuser(moves, [member.membershipId])).toEqual([{ id: old }]);
  });
});
