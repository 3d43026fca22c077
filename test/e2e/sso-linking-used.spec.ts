import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bareVisit, RawSql } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { codeOf, eventsOf, linkedSubjects, newSubject } from '../harness/linking.js';
import { connectOidc, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import { until } from '../harness/until.js';

let harness: Harness;
let idp: OidcIdp;
let org: string;
let director: Client;
let first: string;
let domain: string;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));
beforeEach(async () => {
  org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  first = await connect();
  domain = `${org}.example`;
});

const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const connect = () =>
  connectOidc(harness, org, idp.issuer, {
    groupRoles: [
      { group: 'directors', role: 'program_director' },
      { group: 'mentors', role: 'mentor' },
    ],
  });
const verifyDomain = () =>
  superuser(
    `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
       VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
    [org, domain],
  );

/** Signs in through a connection. Returns the status, the code, and the membership of the new session. */
async function arrive(connection: string, sub: string, email: string, groups = ['mentors']) {
  const client = harness.client();
  const claims = { name: `Name of ${sub}`, email, email_verified: true, groups, sub };
  const answer = await signInByOidc(idp, client, connection, { claims });
  const { body } = await client.get('/v1/auth/me');
  return {
    answer: answer.status === 303 ? 303 : codeOf(answer),
    membershipId: body.membershipId as string | undefined,
  };
}

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:';

/** Returns the requests of a SCIM client of the first connection. */
async function directory() {
  const { token } = (await director.post(`/v1/sso/connections/${first}/scim-tokens`, { expiresInDays: 30 })).body;
  return (path: string, body: object) =>
    harness.client().post(`/scim/v2/${path}`, body, { headers: { authorization: `Bearer ${token}` } });
}

/** Adds a member whose address is confirmed, in the verified domain. */
async function confirmed(role: string) {
  await verifyDomain();
  const member = await harness.make.member(org, role, { email: `${newSubject()}@${domain}` });
  await superuser('UPDATE users SET email_proven_at = now() WHERE id = $1', [member.userId]);
  return member;
}

describe('a member in use without a confirmed address', () => {
  it('is not claimed by another connection after its own connection was deleted', async () => {
    const email = `victim@${domain}`;
    expect((await arrive(first, newSubject(), email)).answer).toBe(303);
    const partner = await connect();
    expect((await director.delete(`/v1/sso/connections/${first}`)).status).toBe(204);
    expect((await arrive(partner, newSubject(), email)).answer).toEqual([403, 'sso_failed']);
  });

  it('is not claimed by another subject after the removal of its identity, before the domain is verified', async () => {
    const email = `victim@${domain}`;
    const { membershipId } = await arrive(first, newSubject(), email);
    const path = `/v1/memberships/${membershipId}/identities`;
    const { items } = (await director.get(path)).body;
    expect((await director.delete(`${path}/${items[0].id}?allowLockout=true`)).status).toBe(204);
    expect((await arrive(first, newSubject(), email)).answer).toEqual([403, 'sso_failed']);
    await verifyDomain();
    expect(await arrive(first, newSubject(), email)).toEqual({ answer: 303, membershipId });
  });

  it('is not adopted by a directory after the removal of its identity, before the domain is verified', async () => {
    const email = `victim@${domain}`;
    const { membershipId } = await arrive(first, newSubject(), email);
    const path = `/v1/memberships/${membershipId}/identities`;
    const { items } = (await director.get(path)).body;
    expect((await director.delete(`${path}/${items[0].id}?allowLockout=true`)).status).toBe(204);
    const send = await directory();
    const adopt = () => send('Users', { schemas: [`${SCHEMA}User`], userName: email, displayName: 'Known' });
    expect((await adopt()).status).toBe(409);
    await verifyDomain();
    const { status, body } = await adopt();
    expect([status, body.id]).toEqual([201, membershipId]);
  });

  it('is not claimed through the directory either, and a claim of a member in use is recorded as such', async () => {
    const member = await confirmed('mentor');
    await harness.signIn(member.email);
    const send = await directory();
    const { id } = (await send('Users', { schemas: [`${SCHEMA}User`], userName: member.email, displayName: 'Known' }))
      .body;
    await send('Groups', { schemas: [`${SCHEMA}Group`], displayName: 'mentors', members: [{ value: id }] });
    await superuser('UPDATE sso_domains SET verified_at = NULL WHERE org_id = $1', [org]);
    expect((await arrive(first, newSubject(), member.email)).answer).toEqual([409, 'sso_account_exists']);
    await superuser('UPDATE sso_domains SET verified_at = now() WHERE org_id = $1', [org]);
    expect(await arrive(first, newSubject(), member.email)).toEqual({ answer: 303, membershipId: member.membershipId });
    expect((await eventsOf(harness, org, 'sso.identity_linked')).at(-1)).toMatchObject({ meta: { how: 'address' } });
  });
});

describe('a former member', () => {
  it('gets no identity that would work after a return', async () => {
    const former = await confirmed('program_director');
    await superuser(`UPDATE memberships SET status = 'ended', ended_at = now() WHERE id = $1`, [former.membershipId]);
    const sub = newSubject();
    expect((await arrive(first, sub, former.email, ['directors'])).answer).toEqual([403, 'sso_failed']);
    expect(await linkedSubjects(harness, former.membershipId)).toEqual([]);
    await superuser(`UPDATE memberships SET status = 'active', ended_at = NULL WHERE id = $1`, [former.membershipId]);
    const { membershipId } = await arrive(first, sub, 'another@elsewhere.example');
    expect(membershipId).not.toBe(former.membershipId);
  });
});

describe('two first answers about one account at the same time', () => {
  it('link one subject, and the other one needs a proof', async () => {
    const member = await confirmed('mentor');
    await superuser(`UPDATE sso_connections SET db_secret_hash = sha256('known') WHERE id = $1`, [first]);
    const [a, b] = [await RawSql.open(harness.env['DATABASE_URL']!), await RawSql.open(harness.env['DATABASE_URL']!)];
    const signIn = (raw: RawSql, sub: string) =>
      raw.outcome(
        `SELECT state FROM app.sso_sign_in($1, 'known', $2, $3, NULL, 'mentor', gen_random_uuid(), gen_random_uuid(),
           NULL, 'infinity', ${bareVisit(`sha256('${sub}')`)}, '{}', NULL)`,
        [first, JSON.stringify(['sub', idp.issuer, sub]), member.email],
      );
    for (const raw of [a, b]) await raw.client.query('BEGIN');
    const one = await signIn(a, 'one');
    const two = signIn(b, 'two');
    await until('the second answer waits', async () => {
      const [row] = await superuser<{ n: number }>('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
      return row!.n > 0;
    });
    await a.client.query('COMMIT');
    expect([one.rows[0]!['state'], (await two).rows[0]!['state']]).toEqual(['linked_by_address', 'account_exists']);
    await b.client.query('COMMIT');
    for (const raw of [a, b]) await raw.end();
    expect(await linkedSubjects(harness, member.membershipId)).toEqual(['one']);
  });
});
