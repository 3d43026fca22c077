import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SAML } from '@node-saml/passport-saml';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { withEncrypted } from '../../../../test/harness/saml-encryption.js';
import {
  assertionXml,
  conditions,
  confirmation,
  instant,
  logoutXml,
  nameId,
  newSigningKey,
  responseXml,
  sign,
  signedResponse,
  status,
  truthfulLogout,
  truthfulParts,
  type Parts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { verifyByLibrary } from './library-verification.js';
import { runStep } from './message-steps.js';
import { checkMessage, type CheckedResponse, type ReceivedResponse } from './response-verification.js';
import { messageSettings, type SamlConnection } from './saml-connection.js';

const REQUEST = '_request';
let key: SigningKey;
let untrusted: SigningKey;
let spKey: SigningKey;
let plain: SamlConnection;
let encryptedOnly: SamlConnection;

beforeAll(async () => {
  [key, untrusted, spKey] = await Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]);
  plain = testConnection('one', [key.certificate]);
  encryptedOnly = testConnection('one', [key.certificate], { wantAssertionEncrypted: true, spKeys: [spKey] });
});

type ForgeResponse = (truth: Parts, to: SamlConnection) => string;
const forged =
  (change: (truth: Parts, to: SamlConnection) => Partial<Parts>): ForgeResponse =>
  (truth, to) =>
    signedResponse({ ...truth, ...change(truth, to) }, key);
const confirmed = ({ acsUrl }: SamlConnection, data: Record<string, string>) => ({
  confirmations: confirmation({ Recipient: acsUrl, NotOnOrAfter: instant(300), ...data }),
});

const received = (to: SamlConnection, make: (truth: Parts) => string): ReceivedResponse => ({
  xml: make(truthfulParts(to, REQUEST)),
  settings: messageSettings(to),
  request: { requestId: REQUEST, createdAt: instant(-5) },
  maxAgeMs: 600_000,
  now: Date.now(),
});

/** Checks a response with the application's own checks. */
const checked = (to: SamlConnection, make: (truth: Parts) => string): CheckedResponse =>
  checkMessage(received(to, make));

const valid: ForgeResponse = (truth, to) => {
  const xml = signedResponse(truth, key);
  return to.wantAssertionEncrypted ? withEncrypted(xml, spKey.certificate) : xml;
};

/**
 * Checks a valid response, and gives the library a forged one in its place. This tests the library's checks alone, as
 * if the application's own checks had accepted the forgery.
 */
async function verifyForged(to: SamlConnection, forge: ForgeResponse): Promise<void> {
  const real = checked(to, (truth) => valid(truth, to));
  await verifyByLibrary({ ...real, plainXml: forge(truthfulParts(to, REQUEST), to) });
}

/** Forged responses, with the message of the library's rejection. */
const FORGERIES: readonly (readonly [name: string, rejection: RegExp, forge: ForgeResponse])[] = [
  ['signed by an untrusted key', /Invalid signature/, (truth) => signedResponse(truth, untrusted)],
  ['not signed', /Invalid signature/, (truth) => responseXml(truth, assertionXml(truth))],
  [
    'changed after it was signed',
    /Invalid signature/,
    (truth) => signedResponse(truth, key).replace('subject-1', 'subject-2'),
  ],
  [
    'for another audience',
    /audience mismatch/,
    forged(() => ({ conditions: conditions(['https://other.example.test']) })),
  ],
  ['for no audience', /no AudienceRestriction/, forged(() => ({ conditions: conditions([]) }))],
  [
    'that expired',
    /expired/,
    forged((_truth, { spEntityId }) => ({ conditions: conditions([spEntityId], { NotOnOrAfter: instant(-90) }) })),
  ],
  [
    'that is not yet valid',
    /not yet valid/,
    forged((_truth, { spEntityId }) => ({ conditions: conditions([spEntityId], { NotBefore: instant(90) }) })),
  ],
  [
    'that is too old',
    /too old|No valid subject/,
    forged(({ assertionAttrs }) => ({ assertionAttrs: { ...assertionAttrs, IssueInstant: instant(-700) } })),
  ],
  [
    'to another request',
    /InResponseTo is not valid/,
    forged(({ responseAttrs }) => ({ responseAttrs: { ...responseAttrs, InResponseTo: '_other' } })),
  ],
  [
    'to no request',
    /InResponseTo is missing/,
    forged(({ responseAttrs }) => ({ responseAttrs: { ...responseAttrs, InResponseTo: undefined } })),
  ],
  [
    'confirmed for another request',
    /InResponseTo does not match/,
    forged((_truth, to) => confirmed(to, { InResponseTo: '_other' })),
  ],
  [
    'whose confirmation expired',
    /No valid subject confirmation/,
    forged(({ responseAttrs }, to) =>
      confirmed(to, { InResponseTo: responseAttrs['InResponseTo']!, NotOnOrAfter: instant(-90) }),
    ),
  ],
  [
    'with a second assertion',
    /multiple assertions/,
    (truth) =>
      signedResponse(truth, key).replace(
        '</samlp:Response>',
        `${assertionXml({ ...truth, assertionAttrs: { ID: '_b' } })}</samlp:Response>`,
      ),
  ],
  ['about another user', /another user/, forged(() => ({ nameId: nameId('subject-2') }))],
  [
    'in another assertion',
    /another assertion/,
    forged(({ assertionAttrs }) => ({ assertionAttrs: { ...assertionAttrs, ID: '_another' } })),
  ],
  [
    'from another provider',
    /another issuer/,
    forged(() => ({ issuer: '<saml:Issuer>https://other.example.test</saml:Issuer>' })),
  ],
  [
    'with the status NoPassive',
    /accepted without a user/,
    (truth) => sign(responseXml({ ...truth, status: status('Responder', 'NoPassive') }, ''), '_response', key),
  ],
  [
    'that is a logout response',
    /accepted without a user|InResponseTo/,
    (_truth, to) => {
      const { attrs } = truthfulLogout(to);
      return sign(logoutXml('LogoutResponse', { ...truthfulLogout(to), inside: status('Success') }), attrs['ID']!, key);
    },
  ],
];

describe.each([
  ['a plain', () => plain],
  ['an encrypted', () => encryptedOnly],
])('the library rejects on its own %s response', (_kind, to) => {
  it.each(FORGERIES)('%s', async (_name, rejection, forge) => {
    await expect(verifyForged(to(), forge)).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: expect.stringMatching(rejection),
    });
  });
});

describe('the library', () => {
  it('decides over every response: one that only the library rejects is rejected', async () => {
    const response = received(plain, (truth) => valid(truth, plain));
    await expect(runStep('response', [response])).resolves.toMatchObject({ assertion: expect.anything() });
    jest.spyOn(SAML.prototype, 'validatePostResponseAsync').mockRejectedValueOnce(new Error('rejected'));
    await expect(runStep('response', [response])).rejects.toMatchObject({ reason: 'library_rejected' });
  });

  it('accepts the same response when it is not forged', async () => {
    const same = forged(() => ({}));
    await expect(verifyForged(plain, same)).resolves.toBeUndefined();
    await expect(verifyForged(encryptedOnly, same)).resolves.toBeUndefined();
  });

  const outer = (xml: string): string => sign(xml, '_response', key);
  const unsigned = (truth: Parts): string => responseXml(truth, assertionXml(truth));
  const SIGNED: readonly (readonly [name: string, make: (truth: Parts) => string])[] = [
    ['the response around a signed assertion', (truth) => signedResponse(truth, key, 'both')],
    ['the response around an unsigned assertion', (truth) => outer(unsigned(truth))],
  ];
  it.each(SIGNED)('verifies the signature of %s', async (_name, make) => {
    const real = checked(plain, make);
    await expect(verifyByLibrary(real)).resolves.toBeUndefined();
    const plainXml = real.plainXml.replace('<samlp:Status>', '<samlp:Status xml:lang="en">');
    await expect(verifyByLibrary({ ...real, plainXml })).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: 'Invalid document signature',
    });
  });

  it('checks the content of an encrypted assertion that only the response around it signs', async () => {
    const real = checked(encryptedOnly, (truth) => outer(withEncrypted(unsigned(truth), spKey.certificate)));
    await expect(verifyByLibrary(real)).resolves.toBeUndefined();
    const plainXml = real.plainXml.replaceAll(encryptedOnly.spEntityId, 'https://other.example.test');
    await expect(verifyByLibrary({ ...real, plainXml })).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: expect.stringContaining('audience mismatch'),
    });
  });
});
