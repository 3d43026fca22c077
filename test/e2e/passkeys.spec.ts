import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { Authenticator, type RequestOptions, type Tampering } from '../harness/authenticator.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollPasskey } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';

const OPTIONS = '/v1/auth/passkeys/sign-in/options';
const SIGN_IN = '/v1/auth/passkeys/sign-in';
const SECOND = '/v1/auth/login/mfa';
const ORIGIN = 'http://127.0.0.1:3000';

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
});
afterAll(() => harness.stop());

const statusAndCode = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
const events = async (type: string, target: string) =>
  (
    await harness.database.superuser<{ meta: Record<string, unknown> }>(
      'SELECT meta FROM audit_events WHERE type = $1 AND target_id = $2 ORDER BY id',
      [type, target],
    )
  ).map(({ meta }) => meta);

interface PasskeyHolder extends Member {
  client: Client;
  authenticator: Authenticator;
  id: string;
}

async function createHolder(counter = 1): Promise<PasskeyHolder> {
  const member = await harness.make.member(orgId, 'trainee');
  const client = await harness.signIn(member.email);
  return { ...member, client, ...(await enrollPasskey(harness, client, counter)) };
}

/** Signs in with a passkey, optionally with a tampered response. */
async function signIn(
  authenticator: Authenticator,
  tampered: Tampering = {},
  client: Client = harness.client(),
): Promise<{ client: Client; answer: Answer }> {
  const { body: options } = await client.get<RequestOptions>(OPTIONS);
  return { client, answer: await client.post(SIGN_IN, { credential: authenticator.get(options, tampered) }) };
}

describe('passkey enrollment', () => {
  it('requests user verification and a resident key for this host, with an opaque user handle', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const { body } = await (await harness.signIn(email)).get('/v1/auth/passkeys/options');
    expect(body).toMatchObject({
      rp: { id: '127.0.0.1' },
      user: { id: Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url') },
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(Buffer.from(body.challenge as string, 'base64url')).toHaveLength(32);
  });

  it('takes effect immediately: returns recovery codes and replaces the session', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(email);
    const before = /vouchsafe_test=[^;]+/.exec(client.cookieHeader)![0];
    const { recoveryCodes, id } = await enrollPasskey(harness, client);
    expect(recoveryCodes).toHaveLength(10);
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status).toBe(401);
    expect((await client.get('/v1/auth/passkeys')).body.items).toEqual([
      expect.objectContaining({ id, name: 'Synthetic key', backedUp: false, lastUsedAt: null }),
    ]);
    expect(
      (await harness.client().post('/v1/auth/login', { email, password: Factories.PASSWORD })).body.methods,
    ).toEqual(['passkey', 'recovery-code']);
    expect(await events('auth.factor_enrolled', userId)).toEqual([{ kind: 'passkey' }]);
  });

  it.each<[string, Tampering]>([
    ['for another origin', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['with a forged challenge', { challenge: 'A'.repeat(43) }],
    ['without user verification', { flags: 65 }],
    ['without user presence', { flags: 68 }],
    ['with a response to get()', { type: 'webauthn.get' }],
  ])('rejects a credential %s', async (_what, tampered) => {
    const client = await harness.signIn((await harness.make.member(orgId, 'trainee')).email);
    const { body: options } = await client.get('/v1/auth/passkeys/options');
    const answer = await client.post('/v1/auth/passkeys', {
      name: 'x',
      credential: new Authenticator(ORIGIN).create(options, tampered),
    });
    expect([statusAndCode(answer), (await client.get('/v1/auth/passkeys')).body.items]).toEqual([
      '401 passkey_verification_failed',
      [],
    ]);
  });

  it('requires an unused challenge of the same user and browser', async () => {
    const [one, other] = [
      await harness.signIn((await harness.make.member(orgId, 'trainee')).email),
      await harness.signIn((await harness.make.member(orgId, 'trainee')).email),
    ];
    const { body: options } = await one.get('/v1/auth/passkeys/options');
    await other.get('/v1/auth/passkeys/options');
    const add = (client: Client) =>
      client.post('/v1/auth/passkeys', { name: 'x', credential: new Authenticator(ORIGIN).create(options) });
    expect([statusAndCode(await add(other)), statusAndCode(await add(one)), statusAndCode(await add(one))]).toEqual([
      '401 passkey_verification_failed',
      '201 ok',
      '401 passkey_verification_failed',
    ]);
  });

  it('rejects a duplicate, and an eleventh passkey', async () => {
    const { client, authenticator } = await createHolder();
    const add = async (made: Authenticator) =>
      statusAndCode(
        await client.post('/v1/auth/passkeys', {
          name: 'x',
          credential: made.create((await client.get('/v1/auth/passkeys/options')).body),
        }),
      );
    expect(await add(authenticator)).toBe('409 passkey_already_enrolled');
    for (let i = 0; i < 9; i += 1) expect(await add(new Authenticator(ORIGIN))).toBe('201 ok');
    expect(await add(new Authenticator(ORIGIN))).toBe('409 passkey_limit_reached');
  });

  it.each([
    [{}],
    [{ id: 'x' }],
    [{ id: '', rawId: '', response: {} }],
    [{ id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'AA', attestationObject: 'oA' } }],
    [{ response: null }],
  ])('rejects an invalid credential: %j', async (credential) => {
    const client = (one ??= await harness.signIn((await harness.make.member(orgId, 'trainee')).email));
    await client.get('/v1/auth/passkeys/options');
    expect([
      statusAndCode(await client.post('/v1/auth/passkeys', { name: 'x', credential })),
      statusAndCode(await client.post(SIGN_IN, { credential })),
    ]).toEqual(['401 passkey_verification_failed', '401 passkey_verification_failed']);
  });
  let one: Client | undefined;
});

describe('sign-in with a passkey', () => {
  it('opens a session with a second factor', async () => {
    const { authenticator, userId } = await createHolder();
    const { client, answer } = await signIn(authenticator);
    expect([answer.status, (await client.get('/v1/auth/me')).body.user.id]).toEqual([200, userId]);
    const [session] = await harness.database.superuser(
      `SELECT method, second_factor_at IS NOT NULL AS shown FROM sessions WHERE user_id = $1
         ORDER BY created_at DESC, id DESC LIMIT 1`,
      [userId],
    );
    expect(session).toEqual({ method: 'passkey', shown: true });
    expect((await events('auth.signed_in', userId)).at(-1)).toEqual({ method: 'passkey', factor: 'passkey' });
  });

  it.each<[string, Tampering]>([
    ['for another origin', { origin: 'https://evil.example' }],
    ["for the application's host under http on another port", { origin: 'http://127.0.0.1:3001' }],
    ['for another host', { rpId: 'evil.example' }],
    ['with a forged challenge', { challenge: 'A'.repeat(43) }],
    ['without user verification', { flags: 1 }],
    ['without user presence', { flags: 4 }],
    ['signed by another key', { foreignKey: true }],
    ['with a response to create()', { type: 'webauthn.create' }],
    ['for another user', { userHandle: Buffer.alloc(16, 1).toString('base64url') }],
  ])('rejects a credential %s', async (_what, tampered) => {
    known ??= await createHolder();
    expect(statusAndCode((await signIn(known.authenticator, tampered)).answer)).toBe('401 passkey_verification_failed');
    expect(statusAndCode((await signIn(known.authenticator)).answer)).toBe('200 ok');
  });
  let known: PasskeyHolder | undefined;

  it('accepts a challenge once, from the same browser, for its own purpose', async () => {
    const { authenticator, client: signedIn } = await createHolder();
    const [mine, otherClient] = [harness.client(), harness.client()];
    const { body: options } = await mine.get<RequestOptions>(OPTIONS);
    await otherClient.get(OPTIONS);
    const credential = authenticator.get(options);
    const answers = [
      await otherClient.post(SIGN_IN, { credential }),
      await harness.client().post(SIGN_IN, { credential }),
      await mine.post(SIGN_IN, { credential }),
      await mine.post(SIGN_IN, { credential }),
    ];
    expect(answers.map(statusAndCode)).toEqual([
      '401 passkey_verification_failed',
      '401 passkey_verification_failed',
      '200 ok',
      '401 passkey_verification_failed',
    ]);
    const { body: elsewhere } = await signedIn.get<RequestOptions>('/v1/auth/step-up/options');
    expect(statusAndCode(await signedIn.post(SIGN_IN, { credential: authenticator.get(elsewhere) }))).toBe(
      '401 passkey_verification_failed',
    );
  });

  it('rejects a counter that does not increase and reports a possible clone, but accepts a constant zero', async () => {
    const { authenticator, userId } = await createHolder(5);
    expect(statusAndCode((await signIn(authenticator)).answer)).toBe('200 ok');
    for (const counter of [6, 3, 0])
      expect(statusAndCode((await signIn(authenticator, { counter })).answer)).toBe('401 passkey_verification_failed');
    expect(await events('auth.passkey_clone_suspected', userId)).toHaveLength(3);
    expect((await events('auth.sign_in_failed', userId)).map(({ reason }) => reason)).toEqual([
      'counter',
      'counter',
      'counter',
    ]);
    expect(statusAndCode((await signIn(authenticator, { counter: 100 })).answer)).toBe('200 ok');
    const still = await createHolder(0);
    expect([
      statusAndCode((await signIn(still.authenticator)).answer),
      statusAndCode((await signIn(still.authenticator)).answer),
    ]).toEqual(['200 ok', '200 ok']);
  });

  it('accepts only one of two concurrent responses with the same counter', async () => {
    const { authenticator } = await createHolder(5);
    const answers = await Promise.all([signIn(authenticator, { counter: 9 }), signIn(authenticator, { counter: 9 })]);
    expect(answers.map(({ answer }) => statusAndCode(answer)).toSorted()).toEqual([
      '200 ok',
      '401 passkey_verification_failed',
    ]);
  });

  it('works only in an organization that allows passkeys', async () => {
    const org = await harness.make.organization('gme');
    const { email } = await harness.make.member(org, 'trainee');
    const { authenticator } = await enrollPasskey(harness, await harness.signIn(email));
    await harness.database.superuser(`UPDATE organizations SET allowed_sign_in = '{password,saml}' WHERE id = $1`, [
      org,
    ]);
    expect(statusAndCode((await signIn(authenticator)).answer)).toBe('401 passkey_verification_failed');
    await harness.database.superuser(`UPDATE organizations SET allowed_sign_in = '{passkey}' WHERE id = $1`, [org]);
    const { client, answer } = await signIn(authenticator);
    expect([statusAndCode(answer), (await client.get('/v1/people')).status]).toEqual(['200 ok', 200]);
    expect((await client.get('/v1/auth/me')).body.organization.id).toBe(org);
  });

  it('ends with the passkey, which only its user can rename and remove', async () => {
    const [mine, theirs] = [await createHolder(), await createHolder()];
    expect([
      (await theirs.client.patch(`/v1/auth/passkeys/${mine.id}`, { name: 'x' })).status,
      (await theirs.client.delete(`/v1/auth/passkeys/${mine.id}`)).status,
    ]).toEqual([404, 404]);
    expect((await mine.client.patch(`/v1/auth/passkeys/${mine.id}`, { name: 'Renamed' })).status).toBe(204);
    expect((await mine.client.get('/v1/auth/passkeys')).body.items[0].name).toBe('Renamed');
    expect((await mine.client.delete(`/v1/auth/passkeys/${mine.id}`)).status).toBe(204);
    expect(statusAndCode((await signIn(mine.authenticator)).answer)).toBe('401 passkey_verification_failed');
    await harness.signIn(mine.email);
  });
});

describe('a passkey after a password', () => {
  async function pending({ email }: Member): Promise<Client> {
    const client = harness.client();
    await client.post('/v1/auth/login', { email, password: Factories.PASSWORD });
    return client;
  }

  it("completes the sign-in with one of the user's own passkeys", async () => {
    const { authenticator, userId, ...member } = await createHolder();
    const client = await pending({ userId, ...member });
    const { body: options } = await client.get(`${SECOND}/options`);
    expect(options).toMatchObject({
      userVerification: 'required',
      allowCredentials: [{ id: authenticator.id.toString('base64url'), type: 'public-key', transports: ['internal'] }],
    });
    expect(statusAndCode(await client.post(SECOND, { passkey: authenticator.get(options) }))).toBe('200 ok');
    expect((await events('auth.signed_in', userId)).at(-1)).toEqual({ method: 'password', factor: 'passkey' });
  });

  it('of another user or with a stale counter is rejected, and failures count toward the lock', async () => {
    const [mine, theirs] = [await createHolder(5), await createHolder()];
    const client = await pending(mine);
    const answer = async (authenticator: Authenticator, tampered: Tampering = {}) =>
      statusAndCode(
        await client.post(SECOND, {
          passkey: authenticator.get((await client.get(`${SECOND}/options`)).body, tampered),
        }),
      );
    expect([await answer(theirs.authenticator), await answer(mine.authenticator, { counter: 2 })]).toEqual([
      '401 mfa_failed',
      '401 mfa_failed',
    ]);
    expect(await events('auth.passkey_clone_suspected', mine.userId)).toHaveLength(1);
    for (const code of ['401 mfa_failed', '401 mfa_failed', '429 account_locked'])
      expect(await answer(mine.authenticator, { foreignKey: true })).toBe(code);
  });
});
