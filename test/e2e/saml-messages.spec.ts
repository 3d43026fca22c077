import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ThreadedVerifier } from '../../src/modules/auth/saml/message-verifier.js';
import { SamlError, type SamlErrorCode } from '../../src/modules/auth/saml/saml-error.js';
import { RateLimiter } from '../../src/platform/http/rate-limit.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { IdentityProvider, postSaml } from '../harness/identity-provider.js';
import { OAEP, TRIPLE_DES, withEncrypted } from '../harness/saml-encryption.js';
import { newSigningKey } from '../harness/saml-idp.js';

const CONNECTIONS = '/v1/sso/connections';

let harness: Harness;
let provider: IdentityProvider;
let director: Client;
let connection: string;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
  const org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  connection = await create();
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));
afterEach(() => void jest.restoreAllMocks());

async function create(more: object = {}): Promise<string> {
  const body = { name: 'Synthetic', metadata: await provider.metadata(), defaultRole: 'mentor', ...more };
  return (await director.post(CONNECTIONS, body)).body.id;
}

/** Begins a sign-in and returns the browser with the form of the provider. */
async function answered() {
  const browser = harness.client();
  const { headers } = await browser.get(`/v1/sso/saml/${connection}/login`);
  return { browser, ...(await provider.answer(headers.get('location')!, 'mentor@gme.example')) };
}

const attempts = async (): Promise<{ reason: string; diagnostics: string }[]> =>
  (await director.get(`${CONNECTIONS}/${connection}/trace`)).body.items;

describe('the setting wantAssertionSigned', () => {
  it('is off at first, is shown, and asks for a new test when it changes', async () => {
    expect((await director.get(`${CONNECTIONS}/${connection}`)).body.wantAssertionSigned).toBe(false);
    const id = await create({ wantAssertionSigned: true });
    await harness.database.superuser('UPDATE sso_connections SET tested_at = now() WHERE id = $1', [id]);
    const same = await director.patch(`${CONNECTIONS}/${id}`, { wantAssertionSigned: true });
    expect(same.body).toMatchObject({ wantAssertionSigned: true, testedAt: expect.any(String) });
    const { body } = await director.patch(`${CONNECTIONS}/${id}`, { wantAssertionSigned: false });
    expect(body).toMatchObject({ wantAssertionSigned: false, testedAt: null });
  });
});

describe('a SAML message', () => {
  it.each(['acs', 'logout'])('is rejected at /%s in every content type but that of a form', async (endpoint) => {
    const { browser, fields } = await answered();
    const post = (type: string, raw: string) =>
      browser.post(`/v1/sso/saml/${connection}/${endpoint}`, undefined, { raw, headers: { 'content-type': type } });
    const part = 'Content-Disposition: form-data; name="SAMLResponse"';
    const multipart = `--b\r\n${part}\r\n\r\n${fields['SAMLResponse']}\r\n--b--`;
    const bodies = [
      ['application/json', JSON.stringify(fields)],
      ['application/samlassertion+json', JSON.stringify(fields)],
      ['multipart/form-data; boundary=b', multipart],
      ['application/samlassertion+xml', Buffer.from(fields['SAMLResponse']!, 'base64').toString()],
      ['text/plain', new URLSearchParams(fields).toString()],
    ] as const;
    for (const [type, raw] of bodies) {
      const { status, body } = await post(type, raw);
      expect([type, status, body.code]).toEqual([type, 415, 'unsupported_media_type']);
    }
  });

  it.each([
    ['triple DES', { content: TRIPLE_DES }],
    ['RSA 1.5', { keyMethod: OAEP.replace('rsa-oaep-mgf1p', 'rsa-1_5') }],
  ])('with %s is rejected, and the attempt log says what to change', async (_name, choices) => {
    const { browser, fields } = await answered();
    const xml = Buffer.from(fields['SAMLResponse']!, 'base64').toString();
    const unsigned = xml.replace(/<((?:\w+:)?)Signature[ >].*?<\/\1Signature>/s, ''); // that of the response is first
    const sealed = withEncrypted(unsigned, (await newSigningKey()).certificate, choices);
    const answer = await postSaml(browser, connection, { SAMLResponse: Buffer.from(sealed).toString('base64') });
    expect([answer.status, answer.body.code]).toEqual([403, 'sso_failed']);
    const [latest] = await attempts();
    expect(latest).toMatchObject({ reason: 'encryption_algorithm', advice: expect.stringMatching(/AES-256-GCM/) });
  });

  it('is examined for the attempt log only within the limit of its network, and for a known connection', async () => {
    const run = jest.spyOn(ThreadedVerifier.prototype, 'run');
    const limiter = harness.api.get(RateLimiter);
    const consume = limiter.consume.bind(limiter);
    let isLimited = false;
    jest.spyOn(limiter, 'consume').mockImplementation(async (limit, ...rest) => {
      if (isLimited && limit.name === 'sso-rejections') throw new Error('limited');
      return consume(limit, ...rest);
    });
    const answerAndSteps = async (to: string) => {
      run.mockClear();
      const { status } = await postSaml(harness.client(), to, { SAMLResponse: 'AAAA' });
      return [status, ...run.mock.calls.map(([, step]) => step)];
    };
    expect(await answerAndSteps(connection)).toEqual([403, 'outline', 'diagnostics']);
    expect(await answerAndSteps(randomUUID())).toEqual([404]);
    isLimited = true;
    expect(await answerAndSteps(connection)).toEqual([403, 'outline']);
  });

  it.each([
    ['while too many others wait', 'server_busy', 503, 'server_busy', []],
    ['that takes too long', 'verification_timeout', 403, 'sso_failed', ['verification_timeout']],
    ['whose thread ended', 'verification_ended', 403, 'sso_failed', ['verification_ended']],
  ] as const)('%s is rejected', async (_name, reason: SamlErrorCode, status, code, recorded) => {
    const { browser, fields } = await answered();
    const before = (await attempts()).length;
    jest.spyOn(ThreadedVerifier.prototype, 'run').mockRejectedValueOnce(new SamlError(reason));
    const answer = await postSaml(browser, connection, fields);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '2' : null);
    const latest = await attempts();
    expect(latest.slice(0, latest.length - before).map((attempt) => attempt.reason)).toEqual(recorded);
  });
});
