import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bareVisit, RawSql } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { codeOf, headlinesTo, newSubject } from '../harness/linking.js';
import { connectOidc, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';

const ROLES = [
  { group: 'directors', role: 'program_director' },
  { group: 'mentors', role: 'mentor' },
];
const FOLLOWED = 'The single sign-on "Test" changed the e-mail address of your account.';
const LINKED = 'Your account is now linked to the single sign-on "Test".';

let harness: Harness;
let idp: OidcIdp;
let org: string;
let director: Client;
let old: string;
let domain: string;
/** A mentor whose user only the organization knows. */
let mentor: { sub: string; membershipId: string };
/** The address that the mentor now has at the provider, and that a newcomer then gets. */
let taken: string;

/** What the provider says about a user. */
interface Said {
  sub: string;
  email?: string;
  groups?: string[];
}

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));
beforeEach(async () => {
  org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  old = await connect();
  domain = `${org}.example`;
  taken = `newcomer@${domain}`;
  const sub = newSubject();
  mentor = { sub, ...(await me(await arrive(old, { sub }))) };
});

const connect = () => connectOidc(harness, org, idp.issuer, { groupRoles: ROLES });
const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const verifyDomain = () =>
  superuser(
    `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
       VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
    [org, domain],
  );

async function answerTo(connection: string, { sub, groups = ['mentors'], ...rest }: Said) {
  const client = harness.client();
  const claims = { name: `Name of ${sub}`, email: `${sub}@${domain}`, email_verified: true, ...rest, groups, sub };
  return { client, answer: await signInByOidc(idp, client, connection, { claims }) };
}
async function arrive(connection: string, said: Said): Promise<Client> {
  const { client, answer } = await answerTo(connection, said);
  expect(answer.status).toBe(303);
  return client;
}
async function me(client: Client): Promise<{ membershipId: string; role: string; email: string }> {
  const { membershipId, role, user } = (await client.get('/v1/auth/me')).body;
  return { membershipId, role, email: user.email };
}
/** Returns the requests of a SCIM client of a connection. */
async function directory(connection: string) {
  const { token } = (await director.post(`/v1/sso/connections/${connection}/scim-tokens`, { expiresInDays: 30 })).body;
  const post = (resource: string, body: object) =>
    harness.client().post(
      `/scim/v2/${resource}s`,
      { schemas: [`urn:ietf:params:scim:schemas:core:2.0:${resource}`], ...body },
      {
        headers: { authorization: `Bearer ${token}` },
      },
    );
  return {
    user: (userName: string) => post('User', { userName, displayName: 'From Directory' }),
    group: (displayName: string, value: string) => post('Group', { displayName, members: [{ value }] }),
  };
}

describe('an address that a user changed at the provider', () => {
  it('gives the user nothing that a directory gives to this address', async () => {
    await arrive(old, { sub: mentor.sub, email: taken });
    const scim = await directory(old);
    const created = await scim.user(taken);
    expect(created.status).toBe(201);
    expect(created.body.id).not.toBe(mentor.membershipId);
    expect((await scim.group('directors', created.body.id)).status).toBe(201);
    expect(await me(await arrive(old, { sub: mentor.sub }))).toMatchObject({
      membershipId: mentor.membershipId,
      role: 'mentor',
    });
    expect(await me(await arrive(old, { sub: newSubject(), email: taken }))).toMatchObject({
      membershipId: created.body.id,
      role: 'program_director',
    });
  });

  it('lets no directory match the user by the address that the user left', async () => {
    await arrive(old, { sub: mentor.sub, email: taken });
    expect((await (await directory(old)).user(`${mentor.sub}@${domain}`)).status).toBe(409);
  });

  it('is not the key of a move: the newcomer with this address gets an own account', async () => {
    await verifyDomain();
    await arrive(old, { sub: mentor.sub, email: taken });
    const next = await connect();
    const move = { fromConnectionId: old, matchBy: 'email' };
    const path = `/v1/sso/connections/${next}/identity-move`;
    expect((await director.post(`${path}/preview`, move)).body.counts).toMatchObject({ email_not_confirmed: 1 });
    expect((await director.post(path, { ...move, days: 30 })).body.waiting).toBe(0);
    const newcomer = await me(await arrive(next, { sub: newSubject(), email: taken }));
    expect(newcomer.membershipId).not.toBe(mentor.membershipId);
  });

  it.each(['the same connection', 'another connection'])('blocks no newcomer of %s with this address', async (from) => {
    await arrive(old, { sub: mentor.sub, email: taken });
    const connection = from === 'the same connection' ? old : await connect();
    const newcomer = await me(await arrive(connection, { sub: newSubject(), email: taken, groups: ['directors'] }));
    expect(newcomer).toMatchObject({ role: 'program_director', email: taken });
    expect(newcomer.membershipId).not.toBe(mentor.membershipId);
  });

  it('leaves a later member with this address to the rules for that member', async () => {
    await arrive(old, { sub: mentor.sub, email: taken });
    await harness.make.member(org, 'mentor', { email: taken });
    const { answer } = await answerTo(old, { sub: newSubject(), email: taken });
    expect(codeOf(answer)).toEqual([409, 'sso_account_exists']);
    expect((await me(await arrive(old, { sub: mentor.sub, email: taken }))).email).toBe(`${mentor.sub}@${domain}`);
  });

  it('is shown in the list of members, and is not a difference', async () => {
    const client = await arrive(old, { sub: mentor.sub, email: taken });
    expect((await me(client)).email).toBe(taken);
    const path = `/v1/memberships/${mentor.membershipId}`;
    expect((await director.get('/v1/memberships')).body.items).toContainEqual(
      expect.objectContaining({ id: mentor.membershipId, email: taken }),
    );
    expect((await director.get(`${path}/identities`)).body.items).toMatchObject([{ differs: false }]);
  });

  it('rejects no parallel sign-in with the same address, and is later shown for one member only', async () => {
    const url = harness.env['DATABASE_URL']!;
    const [first, second, other] = [await RawSql.open(url), await RawSql.open(url), newSubject()];
    const { membershipId } = await me(await arrive(old, { sub: other }));
    await superuser(`UPDATE sso_connections SET db_secret_hash = sha256('known') WHERE id = $1`, [old]);
    let serial = 0;
    const signIn = async (raw: RawSql, sub: string) => {
      await raw.client.query(`BEGIN; SET LOCAL lock_timeout = '5s'`); // the second sign-in must not wait for the first
      const { rows, code } = await raw.outcome(
        `SELECT state FROM app.sso_sign_in($1, 'known', $2, $3, NULL, 'mentor', gen_random_uuid(), gen_random_uuid(),
           NULL, 'infinity', ${bareVisit(`sha256('${sub}-${(serial += 1)}')`)}, '{}')`,
        [old, JSON.stringify(['sub', idp.issuer, sub]), taken],
      );
      return code ?? rows[0];
    };
    expect([await signIn(first, mentor.sub), await signIn(second, other)]).toEqual([
      { state: 'known' },
      { state: 'known' },
    ]);
    for (const raw of [first, second]) await raw.client.query('COMMIT');
    await signIn(first, mentor.sub);
    for (const raw of [first, second]) await raw.client.query('COMMIT').then(() => raw.end());
    expect(
      await superuser(
        `SELECT m.id, u.contact_email AS email FROM users u JOIN memberships m ON m.user_id = u.id
          WHERE m.org_id = $1 AND u.contact_email = $2`,
        [org, taken],
      ),
    ).toEqual([{ id: membershipId, email: taken }]);
  });
});

describe('the mail about a change at the provider', () => {
  it('goes to the old and to the new address', async () => {
    await arrive(old, { sub: mentor.sub, email: taken });
    await harness.settled();
    for (const address of [`${mentor.sub}@${domain}`, taken])
      expect(await headlinesTo(harness, address)).toContain(FOLLOWED);
  });

  it('about a link goes to the address before the sign-in, not to the one that the provider sent with it', async () => {
    const next = await connect();
    const move = { fromConnectionId: old, matchBy: 'subject', days: 30 };
    await director.post(`/v1/sso/connections/${next}/identity-move`, move);
    const client = await arrive(next, { sub: mentor.sub, email: taken });
    expect((await me(client)).membershipId).toBe(mentor.membershipId);
    await harness.settled();
    expect(await headlinesTo(harness, `${mentor.sub}@${domain}`)).toEqual(expect.arrayContaining([LINKED, FOLLOWED]));
    expect(await headlinesTo(harness, taken)).not.toContain(LINKED);
  });
});
