import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Member } from '../harness/factories.js';
import { claimsOf, codeOf, eventsOf, headlinesTo, linkedSubjects, newSubject } from '../harness/linking.js';
import { connectOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));

const superuser = (text: string, values: unknown[] = []) => harness.database.superuser(text, values);

describe('a verified domain', () => {
  let own: string;
  let there: string;
  let domain: string;
  const join = async (role: string): Promise<Member> => {
    const one = await harness.make.member(own, role, { email: `${newSubject()}@${domain}` });
    await superuser('UPDATE users SET email_proven_at = now() WHERE id = $1', [one.userId]);
    return one;
  };
  const arrive = (who: { email: string }, sub = newSubject()) =>
    signInByOidc(idp, harness.client(), there, claimsOf(who, sub));

  beforeAll(async () => {
    own = await harness.make.organization('gme');
    domain = `${own}.example`;
    there = await connectOidc(harness, own, idp.issuer);
    await superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), $2, 'shown-by-a-dns-record', now())`,
      [own, domain],
    );
    await join('program_director');
  });

  it('links a member with a confirmed address without a question, and tells the member', async () => {
    const one = await join('mentor');
    expect((await arrive(one)).status).toBe(303);
    expect((await eventsOf(harness, own, 'sso.identity_linked')).at(-1)).toMatchObject({
      meta: { how: 'address' },
      target: one.membershipId,
    });
    await harness.settled();
    expect(await headlinesTo(harness, one.email)).toEqual(['Your account is now linked to the single sign-on "Test".']);
  });

  it('asks for a proof if the address is not confirmed', async () => {
    const one = await join('mentor');
    await superuser('UPDATE users SET email_proven_at = NULL WHERE id = $1', [one.userId]);
    expect(codeOf(await arrive(one))).toEqual([409, 'sso_account_exists']);
  });

  it('does not let a provider capture an administrator by the address: the account must be proven', async () => {
    const administrator = await join('program_director');
    expect(codeOf(await arrive(administrator))).toEqual([409, 'sso_account_exists']);
    expect(await linkedSubjects(harness, administrator.membershipId)).toEqual([]);
    expect((await refusals(harness, own)).at(-1)).toBe('account_exists');
    const elevated = await join('mentor');
    await superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         SELECT org_id, id, 'audit:read', 'org' FROM memberships WHERE id = $1`,
      [elevated.membershipId],
    );
    expect(codeOf(await arrive(elevated))).toEqual([409, 'sso_account_exists']);
  });

  it('does not let a provider capture an administrator through its directory', async () => {
    const administrator = await join('program_director');
    const director = await harness.signIn((await harness.make.member(own, 'program_director')).email);
    const { token } = (await director.post(`/v1/sso/connections/${there}/scim-tokens`, { expiresInDays: 30 })).body;
    const adopted = await harness.client().post(
      '/scim/v2/Users',
      {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: administrator.email,
        displayName: 'Known',
      },
      { headers: { authorization: `Bearer ${token}` } },
    );
    expect([adopted.status, adopted.body.id]).toEqual([201, administrator.membershipId]);
    await superuser(`UPDATE sso_connections SET default_role = 'mentor' WHERE id = $1`, [there]);
    expect(codeOf(await arrive(administrator))).toEqual([409, 'sso_account_exists']);
    expect(await linkedSubjects(harness, administrator.membershipId)).toEqual([]);
  });

  it('does not give the account of a member to another subject of the same provider', async () => {
    const one = await join('mentor');
    expect((await arrive(one)).status).toBe(303);
    expect(codeOf(await arrive(one))).toEqual([409, 'sso_account_exists']);
  });
});
