import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { serviceProviderUrls, type SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import { bareVisit, RawSql } from '../contract/raw-sql.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { postSaml } from '../harness/identity-provider.js';
import { connectOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import {
  attributeStatement,
  confirmation,
  instant,
  newSigningKey,
  signedResponse,
  truthfulParts,
} from '../harness/saml-idp.js';
import { testConnection } from '../harness/saml-sign-in.js';

const LINK = '/v1/auth/sso-link';
const PASSWORD = { password: Factories.PASSWORD };

let harness: Harness;
let idp: OidcIdp;
let raw: RawSql;
let org: string;
let connection: string;
let member: Member;
let serial = 0;

beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
  raw = await RawSql.open(harness.env['DATABASE_URL']!);
  org = await harness.make.organization('gme');
  await harness.make.member(org, 'program_director');
  connection = await connectOidc(harness, org, idp.issuer);
});
afterAll(async () => {
  await raw.end();
  await Promise.all([harness.stop(), idp.stop()]);
});
beforeEach(async () => {
  member = await harness.make.member(org, 'mentor');
});

const code = ({ status, body }: Answer) => [status, (body as { code?: string }).code];
const superuser = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const identities = async () =>
  (await superuser('SELECT 1 FROM sso_identities WHERE membership_id = $1', [member.membershipId])).length;

/** Meets the account of the member. Returns the browser, the secret of the offer, and the subject. */
async function offer(): Promise<{ client: Client; secret: string; sub: string }> {
  const [client, sub] = [harness.client(), `subject-${(serial += 1)}`];
  const answer = await signInByOidc(idp, client, connection, {
    claims: { sub, email: member.email, email_verified: true, groups: ['mentors'] },
  });
  expect(code(answer)).toEqual([409, 'sso_account_exists']);
  const cookie = answer.headers.getSetCookie().find((set) => set.includes('-sso-link='));
  return { client, sub, secret: /\.([\w-]{43});/.exec(cookie!)![1]! };
}

describe('a provider that posts an unsolicited response', () => {
  /** Posts a response about an e-mail address to a browser that did not start a sign-in. */
  async function post(email: string): Promise<Answer> {
    const key = await newSigningKey();
    const certificate = key.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const metadata = (await providerMetadata())
      .replace(/entityID="[^"]*"/, 'entityID="https://idp.example.test/metadata"')
      .replace(/<ds:X509Certificate>[^<]*/, `<ds:X509Certificate>${certificate}`);
    const { id } = await harness.operator.within(org, () =>
      harness.operator.app
        .get(SsoSetupService)
        .create({ name: 'Portal', metadata, defaultRole: 'mentor', idpInitiated: true }),
    );
    const saml: SamlConnection = {
      ...testConnection(id, [key.certificate]),
      ...serviceProviderUrls('http://127.0.0.1:3000', id),
      id,
      orgId: org,
    };
    const parts = truthfulParts(saml, '');
    const response = signedResponse(
      {
        ...parts,
        responseAttrs: { ...parts.responseAttrs, InResponseTo: undefined },
        confirmations: confirmation({ Recipient: saml.acsUrl, NotOnOrAfter: instant(300) }),
        attributes: attributeStatement({ mail: [email] }),
      },
      key,
    );
    return postSaml(harness.client(), id, { SAMLResponse: Buffer.from(response).toString('base64') });
  }
  const tickets = ({ headers }: Answer) => headers.getSetCookie().filter((set) => set.includes('-sso-link='));

  it('gets no offer, because any site can make a browser post one', async () => {
    const answer = await post(member.email);
    expect(code(answer)).toEqual([403, 'sso_failed']);
    expect((await refusals(harness, org)).at(-1)).toBe('account_exists');
    expect(tickets(answer)).toEqual([]);
  });

  it('takes the ticket of an offer from the browser when it signs a user in', async () => {
    const answer = await post(`new-${member.email}`);
    expect(answer.status).toBe(303);
    expect(tickets(answer)).toEqual([expect.stringMatching(/-sso-link=; Max-Age=0/)]);
  });
});

describe('parallel requests', () => {
  it('link an offer once', async () => {
    const { client } = await offer();
    await client.post(`${LINK}/proof`, PASSWORD);
    const copies = Array.from({ length: 5 }, () => client.at(client.baseUrl));
    const answers = await Promise.all(copies.map((copy) => copy.post(`${LINK}/confirm`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await identities()).toBe(1);
  });
});

describe("SQL as the application's role", () => {
  const signIn = (dbSecret: string, sub: string, secret: string, email = member.email) =>
    raw.outcome(
      `SELECT state, membership_id FROM app.sso_sign_in($1, ${dbSecret}, $2, $3, NULL, 'mentor', gen_random_uuid(),
         gen_random_uuid(), NULL, 'infinity', ${bareVisit(`sha256('${secret}x')`)}, '{}', $4)`,
      [connection, JSON.stringify(['sub', idp.issuer, sub]), email, secret],
    );

  it('links nothing without the secret of the connection, even with a proven offer', async () => {
    const { client, secret, sub } = await offer();
    await client.post(`${LINK}/proof`, PASSWORD);
    await raw.client.query('BEGIN');
    expect((await signIn(`sha256('guess')`, sub, secret)).rows).toEqual([
      { state: 'connection_rejected', membership_id: null },
    ]);
    await raw.client.query('COMMIT');
    expect(await identities()).toBe(0);
  });

  it('links no other subject, connection, or account with a proven offer', async () => {
    const other = await harness.make.member(org, 'mentor');
    const { client, secret, sub } = await offer();
    await client.post(`${LINK}/proof`, PASSWORD);
    const [{ hash } = { hash: '' }] = await superuser<{ hash: Buffer }>(
      'SELECT db_secret_hash AS hash FROM sso_connections WHERE id = $1',
      [connection],
    );
    await superuser(`UPDATE sso_connections SET db_secret_hash = sha256('known') WHERE id = $1`, [connection]);
    for (const [subject, offered, email] of [
      [`${sub}-other`, secret, member.email],
      [sub, `${secret}x`, member.email],
      [`${sub}-other`, secret, other.email],
    ] as const) {
      await raw.client.query('BEGIN');
      const { rows } = await signIn(`'known'`, subject, offered, email);
      expect(rows).toEqual([{ state: 'link_expired', membership_id: null }]);
      await raw.rollback();
    }
    await raw.client.query('BEGIN');
    expect((await signIn(`'known'`, sub, secret, other.email)).rows).toEqual([
      { state: 'linked', membership_id: member.membershipId },
    ]);
    await raw.rollback();
    await superuser('UPDATE sso_connections SET db_secret_hash = $2 WHERE id = $1', [connection, hash]);
  });

  it('proves nothing by itself: no attempt is reserved, and the hash of the password is unknown', async () => {
    const { secret } = await offer();
    const prove = (kind: string) =>
      raw.outcome(
        `SELECT state FROM app.prove_link($1, jsonb_populate_record(NULL::app.presented_factor, $2::jsonb))`,
        [secret, JSON.stringify({ kind, proof: '\\x00' })],
      );
    for (const kind of ['password', 'passkey', 'totp', 'recovery-code', 'other']) {
      await raw.client.query('BEGIN');
      expect((await prove(kind)).rows).toEqual([{ state: 'expired' }]);
      await raw.client.query('COMMIT; BEGIN');
      await raw.outcome('SELECT app.begin_reauthentication($1, NULL)', [secret]);
      expect((await prove(kind)).rows).toEqual([{ state: 'refused' }]);
      await raw.rollback();
    }
  });

  it('cannot read or write offers', async () => {
    const { secret } = await offer();
    await raw.client.query('BEGIN');
    const answers = [
      await raw.attempt('SELECT 1 FROM app_private.pending_sign_ins'),
      await raw.attempt('UPDATE app_private.pending_sign_ins SET proven_at = now()'),
      await raw.attempt(`SELECT app_private.use_link(NULL, '', $1)`, [secret]),
    ];
    expect(answers.map((answer) => answer.code)).toEqual(['42501', '42501', '42501']);
    await raw.rollback();
  });
});
