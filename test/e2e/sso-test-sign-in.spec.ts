import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, postSaml, signInBySaml } from '../harness/identity-provider.js';

const CONNECTIONS = '/v1/sso/connections';
const SIGN_IN = '/v1/organizations/current/sign-in';
const ROLES = ['program_director', 'mentor'].map((role) => ({ group: `gme:${role}`, role }));

let harness: Harness;
let provider: IdentityProvider;
let org: string;
let owner: Member;
let director: Client;

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
  org = await harness.make.organization('gme');
  owner = await harness.make.member(org, 'program_director');
  director = await harness.signIn(owner.email);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

const statusAndCode = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

async function createConnection(body: object, client = director): Promise<string> {
  const {
    status,
    text,
    body: connection,
  } = await client.post(CONNECTIONS, { name: 'Synthetic', defaultRole: 'mentor', ...body });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return connection.id as string;
}

/** Creates a connection to the test identity provider. */
async function createSamlConnection(more: object = {}): Promise<string> {
  return createConnection({ metadata: await provider.metadata(), defaultRole: 'trainee', groupRoles: ROLES, ...more });
}

async function testSignIn(client: Client, id: string, email = 'mentor@gme.example') {
  const { status, body } = await client.post(`${CONNECTIONS}/${id}/test`);
  expect(status).toBe(201);
  const { fields } = await provider.answer(body.url, email);
  return { fields, answer: await postSaml(client, id, fields) };
}

describe('a test sign-in', () => {
  it('shows the received attributes and the resulting role, and opens no session', async () => {
    const id = await createSamlConnection({
      attributeRoles: [{ attribute: 'mail', value: 'unknown@test.example', role: 'mentor' }],
    });
    const before = await harness.database.superuser('SELECT count(*) FROM sessions');
    const { answer } = await testSignIn(director, id);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/sso-test/${id}`]);
    expect(await harness.database.superuser('SELECT count(*) FROM sessions')).toEqual(before);
    expect(await harness.database.superuser(`SELECT 1 FROM users WHERE email = 'mentor@gme.example'`)).toEqual([]);
    const { body } = await director.get(`${CONNECTIONS}/${id}/test`);
    expect(body).toMatchObject({
      passed: true,
      email: 'mentor@gme.example',
      groups: ['gme:mentor'],
      role: 'mentor',
      rule: { kind: 'group', group: 'gme:mentor', role: 'mentor' },
    });
    expect(body.attributes.map(({ name }: { name: string }) => name)).toContain('mail');
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.testedAt).not.toBeNull();
    const [stored] = await harness.database.superuser<{ row: string }>(
      'SELECT to_jsonb(a)::text AS row FROM sso_attempts a WHERE connection_id = $1',
      [id],
    );
    expect(stored!.row).not.toMatch(/mentor@gme\.example/);
  });

  it('works once, in the same browser, and only its user can read the result', async () => {
    const id = await createSamlConnection();
    const { body } = await director.post(`${CONNECTIONS}/${id}/test`);
    const { fields } = await provider.answer(body.url, 'mentor@gme.example');
    const victim = harness.client();
    await victim.get(`/v1/sso/saml/${id}/login`);
    expect(statusAndCode(await postSaml(victim, id, fields))).toEqual([403, 'sso_failed']);
    expect((await postSaml(director, id, fields)).status).toBe(303);
    expect(statusAndCode(await postSaml(director, id, fields))).toEqual([403, 'sso_failed']);
    const other = await harness.signIn((await harness.make.member(org, 'program_director')).email);
    expect((await other.get(`${CONNECTIONS}/${id}/test`)).status).toBe(404);
  });

  it('fails without a role', async () => {
    const id = await createConnection({
      metadata: await provider.metadata(),
      defaultRole: undefined,
      groupRoles: ROLES,
    });
    await testSignIn(director, id, 'trainee@gme.example');
    expect((await director.get(`${CONNECTIONS}/${id}/test`)).body).toMatchObject({
      passed: false,
      reason: 'role_missing',
      role: null,
      groups: ['gme:trainee'],
    });
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.testedAt).toBeNull();
  });

  it('is required before SSO enforcement, and again after a change of the connection', async () => {
    const newOrg = await harness.make.organization('gme');
    const newOwner = await harness.make.member(newOrg, 'program_director');
    const client = await harness.signIn(newOwner.email);
    await harness.database.superuser('UPDATE sessions SET second_factor_at = now() WHERE user_id = $1', [
      newOwner.userId,
    ]);
    const id = await createConnection({ metadata: await provider.metadata(), groupRoles: ROLES }, client);
    const enforceSso = async () => statusAndCode(await client.patch(SIGN_IN, { requireSso: true }));
    expect(await enforceSso()).toEqual([409, 'sso_connection_not_tested']);
    await testSignIn(client, id);
    expect((await client.patch(`${CONNECTIONS}/${id}`, { wantResponseSigned: true })).body.testedAt).toBeNull();
    expect(await enforceSso()).toEqual([409, 'sso_connection_not_tested']);
    await client.patch(`${CONNECTIONS}/${id}`, { wantResponseSigned: false });
    await testSignIn(client, id);
    expect((await client.patch(`${CONNECTIONS}/${id}`, { name: 'Renamed' })).body.testedAt).not.toBeNull();
    expect(await enforceSso()).toEqual([200, undefined]);
  });
});

describe('the attempt log', () => {
  it('lists accepted and rejected attempts with their reasons, and nothing that an attacker could use', async () => {
    const id = await createSamlConnection();
    const client = harness.client();
    await signInBySaml(provider, client, id, 'mentor@gme.example');
    const { headers } = await client.get(`/v1/sso/saml/${id}/login`);
    const { fields } = await provider.answer(headers.get('location')!, 'mentor@gme.example');
    const forged = Buffer.from(fields['SAMLResponse']!, 'base64')
      .toString()
      .replaceAll('gme:mentor', 'gme:program_director');
    const rejected = await postSaml(client, id, { SAMLResponse: Buffer.from(forged).toString('base64') });
    await postSaml(client, id, { SAMLResponse: 'AAAA' });
    const { status, body, text } = await director.get(`${CONNECTIONS}/${id}/trace`);
    expect(status).toBe(200);
    expect(
      body.items.map(({ accepted, reason }: { accepted: boolean; reason: string | null }) => [accepted, reason]),
    ).toEqual([
      [false, expect.any(String)],
      [false, 'signature_invalid'],
      [true, null],
    ]);
    expect(body.items[1]).toMatchObject({
      issuer: 'urn:vouchsafe:development-identity-provider',
      requestId: rejected.body.requestId,
      nameIdFormat: expect.stringContaining('persistent'),
    });
    expect(body.items[2].attributes).toContain('mail');
    expect(body.items[2].diagnostics).toContain('gme:mentor');
    expect(text).not.toMatch(/mentor@gme\.example|Mentor Example|SignatureValue|X509Certificate/);
  });

  it('keeps two hundred attempts of a connection', async () => {
    const id = await createSamlConnection();
    await harness.database.superuser(
      `INSERT INTO sso_attempts (org_id, id, connection_id, accepted, request_id, at)
         SELECT $1, gen_random_uuid(), $2, false, 'x', now() - interval '1 hour' FROM generate_series(1, 205)`,
      [org, id],
    );
    await postSaml(harness.client(), id, { SAMLResponse: 'AAAA' });
    expect(
      await harness.database.superuser('SELECT count(*) FROM sso_attempts WHERE connection_id = $1', [id]),
    ).toEqual([{ count: '200' }]);
    expect((await director.get(`${CONNECTIONS}/${id}/trace`)).body.items).toHaveLength(50);
  });
});

describe('role mapping', () => {
  it('can be previewed for sample attributes and for the last attributes of members', async () => {
    const id = await createSamlConnection({ groupRoles: [{ group: 'enrollment:staff', role: 'mentor' }] });
    await signInBySaml(provider, harness.client(), id, 'staff@enrollment.example');
    const preview = async (body: object) => (await director.post(`${CONNECTIONS}/${id}/mapping/preview`, body)).body;
    expect(await preview({ groups: ['enrollment:staff'] })).toMatchObject({
      role: 'mentor',
      rule: { kind: 'group', group: 'enrollment:staff' },
      members: [],
      changing: 0,
    });
    expect(await preview({ groups: [] })).toMatchObject({
      role: 'trainee',
      rule: { kind: 'default', role: 'trainee' },
    });
    const attributeRoles = [{ attribute: 'title', value: 'Chief', role: 'program_director' }];
    expect(
      await preview({ groups: [], attributes: [{ name: 'title', values: ['Chief'] }], attributeRoles }),
    ).toMatchObject({ role: 'program_director', rule: { kind: 'attribute', attribute: 'title', value: 'Chief' } });
    expect(await preview({ groups: [], groupRoles: [{ group: 'enrollment:staff', role: 'trainee' }] })).toMatchObject({
      changing: 1,
      members: [{ name: 'Staff Example', from: 'mentor', to: 'trainee' }],
    });
  });

  it('cannot assign a role that its author cannot grant', async () => {
    const metadata = await provider.metadata();
    expect(
      statusAndCode(
        await director.post(CONNECTIONS, {
          name: 'x',
          metadata,
          attributeRoles: [{ attribute: 'a', value: 'b', role: 'owner' }],
        }),
      ),
    ).toEqual([400, 'unknown_role']);
    await director.post('/v1/roles', { key: 'mapped_to', name: 'Mapped' });
    await createSamlConnection({ attributeRoles: [{ attribute: 'a', value: 'b', role: 'mapped_to' }] });
    expect(statusAndCode(await director.delete('/v1/roles/mapped_to'))).toEqual([409, 'role_in_use']);
  });
});
