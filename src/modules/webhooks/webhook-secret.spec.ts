import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dbSecret, newSecret, secretKey } from './webhook-secret.js';

describe('signing secrets', () => {
  it('are unique and can be parsed', () => {
    expect(secretKey(newSecret())).toHaveLength(32);
    expect(newSecret()).not.toBe(newSecret());
  });

  it('contain 24 to 64 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (array) => {
        const text = `whsec_${Buffer.from(array).toString('base64')}`;
        if (array.length >= 24 && array.length <= 64) expect(secretKey(text)).toEqual(Buffer.from(array));
        else expect(() => secretKey(text)).toThrow(TypeError);
      }),
    );
  });

  it.each([
    '',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*',
    'whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ])('rejects %j without repeating it', (text) => {
    expect(() => secretKey(text)).toThrow(/^a webhook secret consists of whsec_ and 24 to 64 bytes in base64$/);
  });
});

describe('the database secret', () => {
  it('is derived from the key and differs for another key', () => {
    const key = Buffer.alloc(32, 7);
    expect(dbSecret(key)).toEqual(dbSecret(Buffer.from(key)));
    expect(dbSecret(key)).not.toEqual(dbSecret(Buffer.alloc(32, 8)));
    expect(dbSecret(key)).toHaveLength(32);
  });
});
