import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecurityConfig } from '../config/services.config.js';
import { Cursors } from './pagination.js';
import { Problem } from '../problem/problem.js';

const cursorsWith = (digit: string) =>
  new Cursors(Object.assign(new SecurityConfig(), { jwtSecret: digit.repeat(64) }));
const cursors = cursorsWith('a');
const scope = { purpose: 'people', orgId: 'org-1' };
const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));

function isRejected(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return error instanceof Problem && error.code === 'invalid_request';
  }
}

describe('cursors', () => {
  it('decode to the encoded values', () => {
    fc.assert(
      fc.property(fc.array(value), (values) =>
        expect(cursors.decode(scope, cursors.encode(scope, values))).toEqual(values),
      ),
    );
  });

  it('are rejected when a character was changed, added, or removed', () => {
    fc.assert(
      fc.property(fc.array(value), fc.nat(), fc.constantFrom('', 'A', 'B', '.', '=', 'AA'), (values, at, text) => {
        const cursor = cursors.encode(scope, values);
        const index = at % cursor.length;
        const forged = cursor.slice(0, index) + text + cursor.slice(index + 1);
        fc.pre(forged !== cursor);
        return isRejected(() => cursors.decode(scope, forged));
      }),
    );
  });

  it('are rejected when they were not issued by this server', () => {
    fc.assert(fc.property(fc.string(), (text) => isRejected(() => cursors.decode(scope, text))));
    expect(isRejected(() => cursors.decode(scope, cursorsWith('b').encode(scope, [1])))).toBe(true);
  });

  it('are rejected in another list or organization', () => {
    const cursor = cursors.encode(scope, [1]);
    expect(isRejected(() => cursors.decode({ ...scope, purpose: 'audit' }, cursor))).toBe(true);
    expect(isRejected(() => cursors.decode({ ...scope, orgId: 'org-2' }, cursor))).toBe(true);
  });

  it('are returned only when there is another page', () => {
    const rows = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const page = cursors.page(scope, rows, 2, ({ id }) => [id]);
    expect(page.items).toEqual([{ id: 1 }, { id: 2 }]);
    expect(cursors.decode(scope, page.nextCursor!)).toEqual([2]);
    expect(cursors.page(scope, rows, 3, ({ id }) => [id]).nextCursor).toBeNull();
    expect(cursors.page(scope, [], 3, () => []).nextCursor).toBeNull();
  });
});
