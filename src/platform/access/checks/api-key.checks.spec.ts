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

function outcomeOf(check: () => unknown): string {
  try {
    check();
    return 'passed';
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
}

describe('an interactive-only route', () => {
  it('denies API keys and allows signed-in members', () => {
    const accessCheck = new InteractiveOnlyCheck();
    const of = (apiKey: string | undefined, policy: object) =>
      outcomeOf(() => accessCheck.check(attempt(apiKey, policy)));
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

describe('the rate limit of an API key', () => {
  it('counts each key separately and ignores requests without a key', async () => {
    const counted: [RateLimit, string][] = [];
    const accessCheck = new ApiKeyLimitCheck({
      consume: async (limit: RateLimit, key: string) => void counted.push([limit, key]),
    } as unknown as RateLimiter);
    const [one, other] = [newApiKey(), newApiKey()];
    for (const key of [one, undefined, other]) await accessCheck.check(attempt(key));
    expect(counted).toEqual([
      [API_KEY_RATE_LIMIT, one],
      [API_KEY_RATE_LIMIT, other],
    ]);
  });
});

describe('a cross-site request', () => {
  it('is rejected with a cookie and allowed with an API key, which browsers never attach', () => {
    const accessCheck = new SameOriginCheck({ origin: 'https://a.example', deployed: true } as AppConfig);
    const of = (apiKey: string | undefined) =>
      outcomeOf(() =>
        accessCheck.check(attempt(apiKey, {}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })),
      );
    expect([of(newApiKey()), of(undefined)]).toEqual(['passed', 'csrf_check_failed']);
  });
});
