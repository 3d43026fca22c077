import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { connectOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { type OidcAnswer, OidcIdp } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));

const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const unstated = (sub: string, email: string) => ({ claims: { sub, email, email_verified: undefined } });

async function connected() {
  const org = await harness.make.organization('gme');
  return { org, connection: await connectOidc(harness, org, idp.issuer) };
}

async function verifyDomain(org: string, domain: string): Promise<void> {
  await superuser(
    `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
       VALUES ($1, gen_random_uuid(), $2, 'not-a-token-at-all-0', now())`,
    [org, domain],
  );
}

/** Returns the users of an address: the organization that they are scoped to, and whether the address is proven. */
const usersOf = (email: string) =>
  superuser<{ scope: string | null; proven: boolean }>(
    `SELECT scoped_org_id AS scope, email_proven_at IS NOT NULL AS proven FROM users WHERE email = $1
       ORDER BY scoped_org_id NULLS FIRST`,
    [email],
  );

describe('an e-mail address about which an OpenID provider states nothing', () => {
  it('is an address of this organization only, and reaches no account of another organization', async () => {
    const elsewhere = await harness.make.member(await harness.make.organization('gme'), 'program_director');
    const { org, connection } = await connected();
    const client = harness.client();
    expect((await signInByOidc(idp, client, connection, unstated('capture', elsewhere.email))).status).toBe(303);
    const { body } = await client.get('/v1/auth/me');
    expect([body.organization.id, body.user.id === elsewhere.userId]).toEqual([org, false]);
    const { items } = (await client.get('/v1/auth/organizations')).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([org]);
    expect(await usersOf(elsewhere.email)).toContainEqual({ scope: org, proven: false });
  });

  it('is never proven, also not by later sign-ins of the same user', async () => {
    const { org, connection } = await connected();
    const answer = unstated('returning', 'returning@unstated.example.test');
    for (let n = 0; n < 2; n += 1)
      expect((await signInByOidc(idp, harness.client(), connection, answer)).status).toBe(303);
    expect(await usersOf('returning@unstated.example.test')).toEqual([{ scope: org, proven: false }]);
  });

  it('claims a member with a password only after the organization has verified the domain', async () => {
    const { org, connection } = await connected();
    const member = await harness.make.member(org, 'mentor');
    const answer = unstated('linked', member.email);
    expect((await signInByOidc(idp, harness.client(), connection, answer)).body.code).toBe('sso_account_exists');
    expect((await refusals(harness, org)).at(-1)).toBe('account_exists');
    await verifyDomain(org, member.email.split('@')[1]!);
    await superuser('UPDATE users SET email_proven_at = now() WHERE id = $1', [member.userId]);
    const client = harness.client();
    expect((await signInByOidc(idp, client, connection, answer)).status).toBe(303);
    expect((await client.get('/v1/auth/me')).body.user.id).toBe(member.userId);
  });
});

describe('a connection that accepts several directories of Entra ID', () => {
  const [ours, theirs] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

  it('accepts no address of one directory by a statement about another address', async () => {
    const entra = await OidcIdp.start('/organizations/v2.0');
    entra.metadata = { issuer: `${entra.origin}/{tenantid}/v2.0` };
    const org = await harness.make.organization('gme');
    const tenants = [ours, theirs];
    const byUpn = await connectOidc(harness, org, entra.issuer, { tenants, emailAttribute: 'upn' });
    const byEmail = await connectOidc(harness, org, entra.issuer, { tenants });
    const claims = { iss: `${entra.origin}/${theirs}/v2.0`, tid: theirs, oid: 'mallory', email_verified: undefined };
    const victim = 'victim@one.example.test';
    const stated = { email: 'mallory@two.example.test', xms_edov: true };
    const answers: [string, OidcAnswer][] = [
      [byUpn, { claims: { ...claims, ...stated, upn: victim } }],
      [byEmail, { claims: { ...claims, email: undefined, xms_edov: true }, userInfo: { email: victim } }],
    ];
    for (const [connection, answer] of answers)
      expect((await signInByOidc(entra, harness.client(), connection, answer)).status).toBe(403);
    expect((await refusals(harness, org)).slice(-2)).toEqual(['email_unverified', 'email_unverified']);
    expect(await usersOf(victim)).toEqual([]);
    const own = { claims: { ...claims, ...stated } };
    expect((await signInByOidc(entra, harness.client(), byEmail, own)).status).toBe(303);
    await entra.stop();
  });
});

describe('an e-mail address that an OpenID provider denies', () => {
  it('is rejected when UserInfo alone states it, and the attempt log says what to change', async () => {
    const announcing = await OidcIdp.start();
    announcing.metadata = { claims_supported: ['sub', 'email', 'email_verified'] };
    const org = await harness.make.organization('gme');
    const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
    const connection = await connectOidc(harness, org, announcing.issuer);
    const answer = {
      claims: { email: 'denied@op.example.test', email_verified: undefined },
      userInfo: { email_verified: false },
    };
    expect((await signInByOidc(announcing, harness.client(), connection, answer)).status).toBe(403);
    const [attempt] = (await director.get(`/v1/sso/connections/${connection}/trace`)).body.items;
    expect(attempt).toMatchObject({
      accepted: false,
      reason: 'email_unverified',
      advice: expect.stringContaining('email_verified'),
    });
    await announcing.stop();
  });

  it('fails a test sign-in, because the first sign-in of this user would fail', async () => {
    const org = await harness.make.organization('gme');
    const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
    const connection = await connectOidc(harness, org, idp.issuer);
    const { body } = await director.post(`/v1/sso/connections/${connection}/test`);
    const answer = { claims: { sub: 'denied-tester', email_verified: false } };
    expect((await director.get(idp.approve(body.url, answer))).status).toBe(303);
    expect((await director.get(`/v1/sso/connections/${connection}/test`)).body).toMatchObject({
      passed: false,
      reason: 'email_unverified',
      advice: expect.stringContaining('email_verified'),
      role: 'mentor',
    });
    expect((await director.get(`/v1/sso/connections/${connection}`)).body.testedAt).toBeNull();
  });
});
