import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { returnPath } from './return-path.js';
import { Problem } from '../../../platform/problem/index.js';

describe('returnPath', () => {
  it.each(['/', '/people', '/people/1?sort=name&x=%2F', '/a#b', '/a/../b'])('accepts %s', (path) => {
    expect(returnPath(path)).toBe(new URL(path, 'http://x').href.slice('http://x'.length));
  });

  it('defaults to the start page', () => {
    expect(returnPath(undefined)).toBe('/');
  });

  it.each([
    '',
    'people',
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    'https://evil.test',
    'javascript:alert(1)',
    '/\t/evil.test',
    '/\n/evil.test',
    '/.//evil.test',
    '/a/..//evil.test',
    '/a\\b',
    '/ü',
    `/${'a'.repeat(2000)}`,
    ['/a'],
    7,
    null,
  ])('rejects %j', (path) => {
    expect(() => returnPath(path)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('never leads to another host', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('/\\.:@?#a%5cC\t\n ')) }), (path) => {
        try {
          expect(new URL(returnPath(path), 'https://here.test/login').origin).toBe('https://here.test');
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }),
    );
  });
});
