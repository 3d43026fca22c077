import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { RateLimit, RateLimiter } from '../../http/rate-limit.js';
import '../../problem/problem.feature.js';
import { Problem } from '../../problem/problem.js';
import '../access.feature.js';
import type { AppConfig } from '../../config/index.js';
import { newApiKey } from '../api-key.js';
import type { GuardContext } from '../guard-context.js';
import { API_KEY_RATE_LIMIT, ApiKeyLimitCheck, InteractiveOnlyCheck } from './api-key.checks.js';
import { SameOriginCheck } from './member.checks.js';

const attempt = (apiKey: string | undefined, policy: object = {}, headers: object = {}) =>
  ({
    apiKey,
    policy: { kind: 'access', permission: 'signed-in', ...policy },
    mutating: true,
    request: { method: 'POST', headers } as Request,
  }) as GuardContext;

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
    const layer = new InteractiveOnlyCheck();
    const of = (apiKey: string | undefined, policy: object) => judge(() => layer.check(attempt(apiKey, policy)));
    expect(
      [{ interactiveOnly: true }, { interactiveOnly: true, stepUpMinutes: 30 }].map((policy) =>
        of(newApiKey(), policy),
      ),
    ).toEqual(Array(2).fill('api_key_not_allowed'));
    expect([
      of(newApiKey(), {}),
      of(newApiKey(), { stepUpMinutes: 30 }),
      of(undefined, { interactiveOnly: true }),
    ]).toEqual(Array(3).fill('passed'));
  });
});

describe('the limit of a key', () => {
  it('counts each key for itself, and nobody who came without', async () => {
    const counted: [RateLimit, string][] = [];
    const layer = new ApiKeyLimitCheck({
      consume: async (limit: RateLimit, key: string) => void counted.push([limit, key]),
    } as unknown as RateLimiter);
    const [one, other] = [newApiKey(), newApiKey()];
    for (const key of [one, undefined, other]) await layer.check(attempt(key));
    expect(counted).toEqual([
      [API_KEY_RATE_LIMIT, one],
      [API_KEY_RATE_LIMIT, other],
    ]);
  });
});

describe('another site', () => {
  it('cannot make a browser send a key, so that a key is not asked where it comes from; a cookie is', () => {
    const layer = new SameOriginCheck({ origin: 'https://a.example', deployed: true } as AppConfig);
    const of = (apiKey: string | undefined) =>
      judge(() => layer.check(attempt(apiKey, {}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })));
    expect([of(newApiKey()), of(undefined)]).toEqual(['passed', 'csrf_check_failed']);
  });
});
