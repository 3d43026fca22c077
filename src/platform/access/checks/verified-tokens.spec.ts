import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { VerifiedTokens } from './verified-tokens.js';

const NOW = 1_800_000_000;
const token = (exp: number) => ({ sid: 'A'.repeat(43), exp });

let tokens: VerifiedTokens;
beforeEach(() => {
  jest.useFakeTimers({ now: NOW * 1_000 });
  tokens = new VerifiedTokens();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a verified session token', () => {
  it('is remembered for one minute and only in its exact spelling', () => {
    tokens.add('a.b.c', token(NOW + 600));
    expect(tokens.find('a.b.c')).toEqual(token(NOW + 600));
    expect([tokens.find('a.b.C'), tokens.find('a.b.c '), tokens.find('')]).toEqual([undefined, undefined, undefined]);
    jest.setSystemTime((NOW + 60) * 1_000);
    expect(tokens.find('a.b.c')).toBeUndefined();
  });

  it('is not remembered beyond its expiry', () => {
    tokens.add('a.b.c', token(NOW + 5));
    jest.setSystemTime((NOW + 5) * 1_000 - 1);
    expect(tokens.find('a.b.c')).toBeDefined();
    jest.setSystemTime((NOW + 5) * 1_000);
    expect(tokens.find('a.b.c')).toBeUndefined();
  });

  it('is forgotten when ten thousand newer tokens were verified', () => {
    tokens.add('first', token(NOW + 600));
    for (let i = 0; i < 10_000; i += 1) tokens.add(`token ${i}`, token(NOW + 600));
    expect([tokens.find('first'), tokens.find('token 0')]).toEqual([undefined, token(NOW + 600)]);
  });
});
