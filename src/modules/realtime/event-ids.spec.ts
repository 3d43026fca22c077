import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Clock } from '../../platform/clock/clock.js';
import type { SecurityConfig } from '../../platform/config/index.js';
import { Problem } from '../../platform/problem/index.js';
import { EventIds } from './event-ids.js';
import './realtime.feature.js';
import { mayFollow, startOf } from './position.js';

const clock = new Clock();
const config = (digit: string) => ({ jwtSecret: digit.repeat(64) }) as SecurityConfig;
const ids = new EventIds(config('a'), clock);
const others = new EventIds(config('b'), clock);
const position = fc.record({ transactionId: fc.bigInt({ min: 3n, max: 2n ** 64n - 1n }).map(String), id: fc.uuid() });

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('the id of an event', () => {
  it('decodes to its position, in its own organization only', () => {
    fc.assert(
      fc.property(position, fc.uuid(), fc.uuid(), (place, org, other) => {
        const id = ids.idOf(org, place);
        expect(id).toMatch(/^[\w-]+$/);
        expect(ids.positionOf(org, id)).toEqual(place);
        fc.pre(org !== other);
        expect(codeOf(() => ids.positionOf(other, id))).toBe('invalid_request');
      }),
    );
  });

  it('is rejected when it has another format, is damaged, or comes from another installation', () => {
    const org = '0192f0c1-2345-7abc-8def-0123456789ab';
    const id = ids.idOf(org, startOf('99'));
    const bytes = Buffer.from(id, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= flip;
        expect(codeOf(() => ids.positionOf(org, damaged.toString('base64url')))).toBe('invalid_request');
      }),
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(codeOf(() => ids.positionOf(org, text))).toBe('invalid_request');
      }),
    );
    expect(codeOf(() => ids.positionOf(org, others.idOf(org, startOf('99'))))).toBe('invalid_request');
  });

  it('expires after a day', () => {
    const later = new Clock();
    const org = '0192f0c1-2345-7abc-8def-0123456789ab';
    const id = ids.idOf(org, startOf('99'));
    later.now = () => new Date(Date.now() + 86_390_000);
    expect(codeOf(() => new EventIds(config('a'), later).positionOf(org, id))).toBe('read');
    later.now = () => new Date(Date.now() + 86_410_000);
    expect(codeOf(() => new EventIds(config('a'), later).positionOf(org, id))).toBe('last_event_id_expired');
  });
});

describe('a position', () => {
  it('compares transaction ids as 64-bit numbers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (a, b) => {
        expect(mayFollow(String(a), startOf(String(b)))).toBe(a >= b);
      }),
    );
  });
});
