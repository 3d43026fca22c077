import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { RateLimit, RateLimiter } from '../../http/rate-limit.js';
import '../../problem/problem.feature.js';
import { Problem } from '../../problem/problem.js';
import '../access.feature.js';
import type { AppConfig } from '../../config/index.js';
import { newApiKey } from '../api-key.js';
import type { Attempt } from '../attempt.js';
import { BY_KEY, KeyLimitLayer, PeopleOnlyLayer } from './api-key.layers.js';
import { SameOriginLayer } from './standing.layers.js';

const attempt = (apiKey: string | undefined, policy: object = {}, headers: object = {}) =>
  ({
    apiKey,
    policy: { kind: 'access', permission: 'signed-in', ...policy },
    mutating: true,
    request: { method: 'POST', headers } as Request,
  }) as Attempt;

function judge(check: () => unknown): string {
  try {
    check();
    return 'passed';
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
}

describe('what is for people', () => {
  it('is closed to keys and open to members: their own account, and what people decide', () => {
    const layer = new PeopleOnlyLayer();
    const of = (apiKey: string | undefined, policy: object) => judge(() => layer.check(attempt(apiKey, policy)));
    expect(
      [{ peopleOnly: true }, { peopleOnly: true, stepUpMinutes: 30 }].map((policy) => of(newApiKey(), policy)),
    ).toEqual(Array(2).fill('not_for_api_keys'));
    expect([of(newApiKey(), {}), of(newApiKey(), { stepUpMinutes: 30 }), of(undefined, { peopleOnly: true })]).toEqual(
      Array(3).fill('passed'),
    );
  });
});

describe('the limit of a key', () => {
  it('counts each key for itself, and nobody who came without', async () => {
    const counted: [RateLimit, string][] = [];
    const layer = new KeyLimitLayer({
      consume: async (limit: RateLimit, key: string) => void counted.push([limit, key]),
    } as unknown as RateLimiter);
    const [one, other] = [newApiKey(), newApiKey()];
    for (const key of [one, undefined, other]) await layer.check(attempt(key));
    expect(counted).toEqual([
      [BY_KEY, one],
      [BY_KEY, other],
    ]);
  });
});

describe('another site', () => {
  it('cannot make a browser send a key, so that a key is not asked where it comes from; a cookie is', () => {
    const layer = new SameOriginLayer({ origin: 'https://a.example', deployed: true } as AppConfig);
    const of = (apiKey: string | undefined) =>
      judge(() => layer.check(attempt(apiKey, {}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })));
    expect([of(newApiKey()), of(undefined)]).toEqual(['passed', 'csrf_refused']);
  });
});
