import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  instant,
  newSigningKey,
  signedResponse,
  truthfulParts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { ThreadedVerifier } from './message-verifier.js';
import { messageSettings, type MessageSettings } from './saml-connection.js';
import { SamlError } from './saml-error.js';

const verifier = new ThreadedVerifier();
let key: SigningKey;
let settings: MessageSettings;
beforeAll(async () => {
  key = await newSigningKey();
  settings = messageSettings(testConnection('one', [key.certificate]));
});
afterAll(() => verifier.onApplicationShutdown());

const received = (xml: string) => ({
  xml,
  settings,
  request: { requestId: '_request', createdAt: instant(-5) },
  maxAgeMs: 600_000,
  now: Date.now(),
});
const response = () => signedResponse(truthfulParts(testConnection('one', []), '_request'), key);

describe('the thread that verifies messages', () => {
  it('returns the content of a valid response', async () => {
    expect(await verifier.run('one', 'outline', response(), settings)).toEqual({ inResponseTo: '_request' });
    const { assertion } = await verifier.run('one', 'response', received(response()));
    expect(assertion.nameId.value).toBe('subject-1');
  });

  it('returns the reason of a rejection as the error of the application', async () => {
    const forged = verifier.run('one', 'response', received(response().replace('subject-1', 'subject-2')));
    await expect(forged).rejects.toBeInstanceOf(SamlError);
    await expect(forged).rejects.toMatchObject({ reason: 'signature_invalid' });
  });
});
