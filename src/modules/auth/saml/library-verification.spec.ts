import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlDoor, testConnection } from '../../../../test/harness/saml-sign-in.js';
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
import type { SamlConnection } from './saml-connection.js';

let key: SigningKey;
let strange: SigningKey;
let ourKey: SigningKey;
let plain: SamlConnection;
let sealed: SamlConnection;

beforeAll(async () => {
  [key, strange, ourKey] = await Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]);
  plain = testConnection('one', [key.certificate]);
  sealed = testConnection('one', [key.certificate], { wantAssertionEncrypted: true, spKeys: [ourKey] });
});

type Lie = (truth: Parts, to: SamlConnection) => string;
const told =
  (change: (truth: Parts, to: SamlConnection) => Partial<Parts>): Lie =>
  (truth, to) =>
    signedResponse({ ...truth, ...change(truth, to) }, key);
const confirmed = ({ acsUrl }: SamlConnection, data: Record<string, string>) => ({
  confirmations: confirmation({ Recipient: acsUrl, NotOnOrAfter: instant(300), ...data }),
});

/**
 * A true answer arrives, we have no objection, and the library gets to see the lie in its place: as if we had been
 * taken in by it.
 */
async function fooled(to: SamlConnection, lie: Lie): Promise<unknown> {
  const door = new SamlDoor(to);
  const departed = await door.depart(to);
  const truth = truthfulParts(to, departed.requestId);
  door.responses.spoil = (judged) => ({ ...judged, xml: lie(truth, to) });
  const xml = signedResponse(truth, key);
  return door.arrive(departed, { xml: to.wantAssertionEncrypted ? withEncrypted(xml, ourKey.certificate) : xml });
}

/** What would pass if we let it, and what stands in its way. */
const LIES: readonly (readonly [name: string, refusal: RegExp, lie: Lie])[] = [
  ['signed by a stranger', /Invalid signature/, (truth) => signedResponse(truth, strange)],
  ['not signed', /Invalid signature/, (truth) => responseXml(truth, assertionXml(truth))],
  [
    'changed after it was signed',
    /Invalid signature/,
    (truth) => signedResponse(truth, key).replace('subject-1', 'subject-2'),
  ],
  [
    'for another audience',
    /audience mismatch/,
    told(() => ({ conditions: conditions(['https://other.example.test']) })),
  ],
  ['for no audience', /no AudienceRestriction/, told(() => ({ conditions: conditions([]) }))],
  [
    'that ended',
    /expired/,
    told((_truth, { spEntityId }) => ({ conditions: conditions([spEntityId], { NotOnOrAfter: instant(-90) }) })),
  ],
  [
    'that has not begun',
    /not yet valid/,
    told((_truth, { spEntityId }) => ({ conditions: conditions([spEntityId], { NotBefore: instant(90) }) })),
  ],
  [
    'that is too old',
    /too old|No valid subject/,
    told(({ assertionAttrs }) => ({ assertionAttrs: { ...assertionAttrs, IssueInstant: instant(-700) } })),
  ],
  [
    'in answer to another request',
    /InResponseTo is not valid/,
    told(({ responseAttrs }) => ({ responseAttrs: { ...responseAttrs, InResponseTo: '_other' } })),
  ],
  [
    'in answer to no request',
    /InResponseTo is missing/,
    told(({ responseAttrs }) => ({ responseAttrs: { ...responseAttrs, InResponseTo: undefined } })),
  ],
  [
    'confirmed for another request',
    /InResponseTo does not match/,
    told((_truth, to) => confirmed(to, { InResponseTo: '_other' })),
  ],
  [
    'whose confirmation ended',
    /No valid subject confirmation/,
    told(({ responseAttrs }, to) =>
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
  ['about another person', /another person/, told(() => ({ nameId: nameId('subject-2') }))],
  [
    'in another assertion',
    /another assertion/,
    told(({ assertionAttrs }) => ({ assertionAttrs: { ...assertionAttrs, ID: '_another' } })),
  ],
  [
    'by another provider',
    /another issuer/,
    told(() => ({ issuer: '<saml:Issuer>https://other.example.test</saml:Issuer>' })),
  ],
  [
    'that says nobody could be asked',
    /another assertion/,
    (truth) => sign(responseXml({ ...truth, status: status('Responder', 'NoPassive') }, ''), '_response', key),
  ],
  [
    'that is the answer to a logout',
    /passed without a person|InResponseTo/,
    (_truth, to) => {
      const { attrs } = truthfulLogout(to);
      return sign(logoutXml('LogoutResponse', { ...truthfulLogout(to), inside: status('Success') }), attrs['ID']!, key);
    },
  ],
];

describe.each([
  ['a plain', () => plain],
  ['an encrypted', () => sealed],
])('the library refuses, where we were taken in, %s answer', (_kind, to) => {
  it.each(LIES)('%s', async (_name, refusal, lie) => {
    await expect(fooled(to(), lie)).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: expect.stringMatching(refusal),
    });
  });
});

describe('the library', () => {
  it('has no objection to the same answer told anew', async () => {
    expect(
      await fooled(
        plain,
        told(() => ({})),
      ),
    ).toMatchObject({ identity: { email: 'ada@example.test' } });
    expect(
      await fooled(
        sealed,
        told(() => ({})),
      ),
    ).toMatchObject({ identity: { email: 'ada@example.test' } });
  });

  it('verifies the signature around a plain assertion too', async () => {
    const door = new SamlDoor(plain);
    const departed = await door.depart(plain);
    const xml = signedResponse(truthfulParts(plain, departed.requestId), key, 'both');
    door.responses.spoil = (judged) => ({
      ...judged,
      xml: xml.replace('<samlp:Status>', '<samlp:Status xml:lang="en">'),
    });
    await expect(door.arrive(departed, { xml })).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: 'Invalid document signature',
    });
  });

  it('has the last word: conditions without an end, to which we have no objection, are refused', async () => {
    const door = new SamlDoor(plain);
    const departed = await door.depart(plain);
    const parts = {
      ...truthfulParts(plain, departed.requestId),
      conditions: conditions([plain.spEntityId], { NotOnOrAfter: undefined }),
    };
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'library_rejected',
      detail: expect.stringContaining('NotOnOrAfter'),
    });
  });

  it('is not asked about what we refuse', async () => {
    const door = new SamlDoor(plain);
    const departed = await door.depart(plain);
    const parts = {
      ...truthfulParts(plain, departed.requestId),
      conditions: conditions(['https://other.example.test']),
    };
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'audience_mismatch',
    });
  });
});
