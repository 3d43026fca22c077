import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { newTotpSecret, totpStep, totpText, totpUri } from './totp.js';

/** The test vectors of RFC 6238 appendix B for SHA-1, reduced to the last six of eight digits. */
const VECTORS: [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
];
const RFC_SECRET = Buffer.from('12345678901234567890');

/** An independent implementation of RFC 4226 section 5.3. */
function hotp(secret: Buffer, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(message).digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

describe('TOTP codes', () => {
  it.each(VECTORS)('match RFC 6238 at second %i', (seconds, code) => {
    expect(totpStep(RFC_SECRET, code, seconds)).toBe(Math.floor(seconds / 30));
  });

  it('are accepted only for the current, the previous, and the next time step', () => {
    const secrets = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        secrets,
        fc.integer({ min: 100, max: 4_000_000_000 }),
        fc.integer({ min: -3, max: 3 }),
        (secret, seconds, off) => {
          const step = Math.floor(seconds / 30);
          const code = hotp(secret, step + off);
          const within = [-1, 0, 1].map((near) => step + near).filter((near) => hotp(secret, near) === code);
          const found = totpStep(secret, code, seconds);
          return within.length === 0 ? found === null : within.includes(found!);
        },
      ),
    );
  });

  it('are rejected unless they have exactly six ASCII digits', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^\d{6}$/.test(text)),
        (text) => totpStep(RFC_SECRET, text, 59) === null,
      ),
    );
    for (const odd of ['٢٨٧٠٨٢', '287082\n', ' 287082', '2870820', '28708', '-28708', '2870.2'])
      expect(totpStep(RFC_SECRET, odd, 59)).toBeNull();
  });
});

describe('a TOTP secret', () => {
  it('has 160 bits, and is available in base32 and as an otpauth URI', () => {
    expect(newTotpSecret()).toHaveLength(20);
    expect(totpText(RFC_SECRET)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const uri = new URL(totpUri(RFC_SECRET, 'a+b@test.example'));
    expect([uri.protocol, uri.searchParams.get('secret'), uri.searchParams.get('issuer')]).toEqual([
      'otpauth:',
      'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      'Vouchsafe',
    ]);
    expect(decodeURIComponent(uri.pathname)).toContain('a+b@test.example');
  });
});
