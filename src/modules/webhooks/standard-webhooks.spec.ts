import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isTimely,
  readHeaders,
  signature,
  signedBy,
  TOLERANCE_SECONDS,
  type MessageHeaders,
} from './standard-webhooks.js';
import { secretKey } from './webhook-secret.js';

/** The test vector of the reference libraries of the Standard Webhooks project. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = Buffer.from('{"test": 2432232314}');
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const HEADERS = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': SIGNATURE,
};
const secret = { key: secretKey(SECRET) };
const read = (changes: Record<string, string | undefined> = {}): MessageHeaders =>
  readHeaders({ ...HEADERS, ...changes })!;

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const keys = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((array) => ({ key: Buffer.from(array) }));
const ids = fc.stringMatching(/^[A-Za-z0-9_:+/=~-]{1,60}$/);
const seconds = fc.integer({ min: 0, max: 4_000_000_000 }).map(String);

describe('signatures', () => {
  it('computes the published signature of the published message', () => {
    expect(signature(secret.key, { id: HEADERS['webhook-id'], timestamp: HEADERS['webhook-timestamp'] }, BODY)).toBe(
      SIGNATURE,
    );
  });

  it('accepts the published message', () => {
    expect(signedBy([secret], read(), BODY)).toBe(secret);
  });

  it('finds the valid signature among several signatures of several versions', () => {
    const others = `v1,${Buffer.alloc(32).toString('base64')} v1a,${Buffer.alloc(64).toString('base64')} v2,QUJD`;
    expect(signedBy([secret], read({ 'webhook-signature': `${others} ${SIGNATURE}` }), BODY)).toBe(secret);
  });

  it('returns the matching secret', () => {
    const older = { key: Buffer.alloc(24, 1) };
    expect(signedBy([older, secret], read(), BODY)).toBe(secret);
  });

  it('rejects a valid signature under another version', () => {
    expect(signedBy([secret], read({ 'webhook-signature': SIGNATURE.replace('v1,', 'v1a,') }), BODY)).toBeUndefined();
    expect(signedBy([secret], read({ 'webhook-signature': SIGNATURE.replace('v1,', 'v2,') }), BODY)).toBeUndefined();
  });

  it('rejects another base64 encoding of the same bytes', () => {
    expect(signedBy([secret], read({ 'webhook-signature': SIGNATURE.replace('OE=', 'OF=') }), BODY)).toBeUndefined();
    expect(signedBy([secret], read({ 'webhook-signature': SIGNATURE.slice(0, -1) }), BODY)).toBeUndefined();
  });

  it('accepts its own signatures, and nothing with one changed bit in body, id, timestamp or key', () => {
    fc.assert(
      fc.property(keys, ids, seconds, bytes, fc.nat(), (signer, id, timestamp, body, at) => {
        const headers: MessageHeaders = { id, timestamp, signatures: [signature(signer.key, { id, timestamp }, body)] };
        expect(signedBy([signer], headers, body)).toBe(signer);
        expect(signedBy([signer], headers, Buffer.concat([body, Buffer.of(0)]))).toBeUndefined();
        expect(signedBy([signer], { ...headers, id: `${id}0` }, body)).toBeUndefined();
        expect(signedBy([signer], { ...headers, timestamp: `${timestamp}0` }, body)).toBeUndefined();
        const flipped = Buffer.from(signer.key);
        flipped[at % flipped.length]! ^= 1;
        expect(signedBy([{ key: flipped }], headers, body)).toBeUndefined();
      }),
    );
  });

  it('rejects every signature when there is no secret', () => {
    expect(signedBy([], read(), BODY)).toBeUndefined();
  });
});

describe('headers', () => {
  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('rejects a message without %s', (name) => {
    expect(readHeaders({ ...HEADERS, [name]: undefined })).toBeUndefined();
    expect(readHeaders({ ...HEADERS, [name]: '' })).toBeUndefined();
  });

  it.each([
    '123.5junk',
    '1614265330.0',
    '1614265330 ',
    ' 1614265330',
    '+1614265330',
    '-1',
    '0x60',
    '1e9',
    '01614265330',
    '1614265330, 1614265330',
    '1'.repeat(13),
  ])('rejects the timestamp %j', (timestamp) => {
    expect(readHeaders({ ...HEADERS, 'webhook-timestamp': timestamp })).toBeUndefined();
  });

  it.each(['a.b', 'a b', 'msg_1, msg_1', 'ü', 'a\0', 'x'.repeat(256)])('rejects the message id %j', (id) => {
    expect(readHeaders({ ...HEADERS, 'webhook-id': id })).toBeUndefined();
  });

  it.each([
    'g0hM',
    'v1',
    'v1,',
    'v1,%%%',
    `${SIGNATURE},${SIGNATURE}`,
    `${SIGNATURE}  ${SIGNATURE}`,
    Array(11).fill(SIGNATURE).join(' '),
  ])('rejects the signature header %j', (text) => {
    expect(readHeaders({ ...HEADERS, 'webhook-signature': text })).toBeUndefined();
  });

  it('never throws, and accepts only decimal seconds and ids without full stops', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), seconds, ids, fc.constant(SIGNATURE));
    fc.assert(
      fc.property(text, text, text, (id, timestamp, signatures) => {
        const headers = readHeaders({
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signatures,
        });
        if (headers === undefined) return;
        expect(headers.id).not.toMatch(/[.\s]/);
        expect(String(Number(headers.timestamp))).toBe(headers.timestamp);
      }),
    );
  });
});

describe('the window', () => {
  const now = 1_614_265_330;
  it.each([
    [0, true],
    [TOLERANCE_SECONDS, true],
    [TOLERANCE_SECONDS + 1, false],
    [-TOLERANCE_SECONDS, true],
    [-TOLERANCE_SECONDS - 1, false],
    [31_536_000, false],
  ])('answers a timestamp %i seconds ahead with %s', (ahead, timely) => {
    expect(isTimely(read({ 'webhook-timestamp': String(now + ahead) }), now)).toBe(timely);
  });
});
