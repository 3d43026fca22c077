import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blindIndex, normalizeEmail } from './blind-index.js';

describe('blind index', () => {
  it('is HMAC-SHA256 truncated to 16 bytes (RFC 4231 test case 2; HMAC itself pads the key)', () => {
    const key = Buffer.concat([Buffer.from('Jefe'), Buffer.alloc(28)]);
    const data = Buffer.from('7768617420646f2079612077616e7420666f72206e6f7468696e673f', 'hex').toString();
    expect(blindIndex(key, data).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c7');
  });

  it('is equal for equal values and differs across keys', () => {
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(blindIndex(a, 'x')).toEqual(blindIndex(a, 'x'));
    expect(blindIndex(a, 'x')).not.toEqual(blindIndex(a, 'y'));
    expect(blindIndex(a, 'x')).not.toEqual(blindIndex(b, 'x'));
  });

  it('rejects short keys and text that is not well-formed', () => {
    expect(() => blindIndex(Buffer.alloc(8), 'x')).toThrow(TypeError);
    expect(() => blindIndex(Buffer.alloc(32), '\ud800')).toThrow(TypeError);
  });
});

describe('normalizeEmail', () => {
  it.each([
    ['  Ada.Lovelace@Example.ORG ', 'ada.lovelace@example.org'],
    ['zoe\u0308@example.org', 'zo\u00eb@example.org'],
    ['ZOË@MÜNCHEN.example', 'zoë@xn--mnchen-3ya.example'],
    ['"a@b"@example.org', '"a@b"@example.org'],
    ['no address', 'no address'],
    ['', ''],
  ])('normalizes %j to %j', (typed, normalized) => {
    expect(normalizeEmail(typed)).toBe(normalized);
  });

  it('does not merge look-alike addresses', () => {
    const real = normalizeEmail('mike@example.org');
    for (const alike of ['mıke@example.org', 'ｍike@example.org', 'mİke@example.org', 'mіke@example.org']) {
      expect(normalizeEmail(alike)).not.toBe(real);
    }
  });

  it('does not parse the domain as a URL', () => {
    for (const domain of [
      'example.org/ü',
      'example.org:80ü',
      'ex%61mple.org',
      'example.org?ü',
      'example.org#ü',
      '0x7f.1',
    ]) {
      expect(normalizeEmail(`a@${domain}`)).toBe(`a@${domain}`);
    }
  });

  it('is idempotent', () => {
    const domain = fc.oneof(fc.domain(), fc.string({ unit: 'grapheme', maxLength: 12 }));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), domain, (local, host) => {
        const once = normalizeEmail(`${local}@${host}`);
        expect(normalizeEmail(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });
});
