import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { SignedXml } from 'xml-crypto';
import { CBC_128, CBC_256, withEncrypted } from '../../../../test/harness/saml-encryption.js';
import {
  instant,
  newSigningKey,
  signedResponse,
  truthfulParts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { OPERATIONS } from './cbc-decryption.js';
import { checkMessage } from './response-verification.js';
import { messageSettings, type MessageSettings } from './saml-connection.js';
import { SamlError } from './saml-error.js';

const MUTATIONS = 10_000;
const BLOCK = 16;
const VALUES = /<xenc:CipherValue>([^<]*)<\/xenc:CipherValue>/g;

let key: SigningKey;
let spKey: SigningKey;
let settings: MessageSettings;
beforeAll(async () => {
  [key, spKey] = await Promise.all([newSigningKey(), newSigningKey()]);
  const connection = testConnection('one', [key.certificate], { wantAssertionEncrypted: true, spKeys: [spKey] });
  settings = messageSettings(connection);
});
afterEach(() => void jest.restoreAllMocks());

const parts = () => truthfulParts(testConnection('one', []), '_request');
const check = (xml: string) =>
  checkMessage({
    xml,
    settings,
    request: { requestId: '_request', createdAt: instant(-5) },
    maxAgeMs: 600_000,
    now: Date.now(),
  });

type Change = (octets: Buffer) => Buffer;
const at = (octets: Buffer, index: number): number => index % octets.length;
const blockAt = (octets: Buffer, index: number): number => (index % Math.floor(octets.length / BLOCK)) * BLOCK;
const index = fc.nat({ max: 100_000 });
/** The ways to change a ciphertext: bits, blocks of it elsewhere, blocks in another order, and its length. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(index, fc.integer({ min: 1, max: 255 })).map(([place, bits]) => (octets: Buffer) => {
    octets[at(octets, place)]! ^= bits;
    return octets;
  }),
  fc.tuple(index, index, fc.integer({ min: 1, max: 3 })).map(([from, to, count]) => (octets: Buffer) => {
    octets.copyWithin(blockAt(octets, to), blockAt(octets, from), blockAt(octets, from) + count * BLOCK);
    return octets;
  }),
  fc.tuple(index, fc.uint8Array({ minLength: BLOCK, maxLength: BLOCK })).map(([place, block]) => (octets: Buffer) => {
    return Buffer.concat([octets.subarray(0, blockAt(octets, place)), block, octets.subarray(blockAt(octets, place))]);
  }),
  index.map((length) => (octets: Buffer) => octets.subarray(0, at(octets, length))),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => (octets: Buffer) => Buffer.concat([octets, more])),
);

/** Returns the message with a changed value: that of the key (0) or of the content (1). */
function mutated(xml: string, which: number, by: Change): string {
  let seen = 0;
  return xml.replace(VALUES, (whole, value: string) => {
    if (seen++ !== which) return whole;
    const octets = by(Buffer.from(value, 'base64'));
    return `<xenc:CipherValue>${(octets.length > 0 ? octets : Buffer.alloc(1)).toString('base64')}</xenc:CipherValue>`;
  });
}

/** Counts the costly steps of each attempt: private key operations, decryptions, parsers, signatures, and digests. */
function watch(): () => Record<string, number> {
  const names = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
  const spies = [
    ...names.map((name) => [name, jest.spyOn(OPERATIONS, name)] as const),
    ['load', jest.spyOn(SignedXml.prototype, 'loadSignature')] as const,
    ['digest', jest.spyOn(SignedXml.prototype, 'checkSignature')] as const,
  ];
  return () =>
    Object.fromEntries(
      spies.map(([name, spy]) => {
        const { length } = spy.mock.calls;
        spy.mockClear();
        return [name, length];
      }),
    );
}

it(`gives one answer at one cost to ${MUTATIONS} changes of an assertion that AES-CBC encrypts`, () => {
  const originals = [CBC_128, CBC_256].map((content) =>
    withEncrypted(signedResponse(parts(), key), spKey.certificate, { content }),
  );
  const work = watch();
  originals.forEach(check);
  work();
  check(originals[0]!);
  const once = work();
  expect(once).toEqual({ unwrapKey: 1, decipher: 1, guardResponse: 1, verifiedWithDecoy: 1, load: 2, digest: 1 });
  fc.assert(
    fc.property(fc.constantFrom(...originals), fc.constantFrom(0, 1, 1, 1), change, (original, which, by) => {
      const xml = mutated(original, which, by);
      fc.pre(xml !== original);
      let error: unknown;
      try {
        check(xml);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toEqual(new SamlError('decryption_failed'));
      expect(work()).toEqual(once);
    }),
    { numRuns: MUTATIONS },
  );
});
