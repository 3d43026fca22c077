import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { AppConfig } from '../config/app.config.js';
import { assertSameOrigin } from './csrf.js';
import { Problem } from '../problem/problem.js';

const app = Object.assign(new AppConfig(), { environment: 'production', publicUrl: 'https://records.example.org/' });
const development = Object.assign(new AppConfig(), { environment: 'development', publicUrl: 'http://127.0.0.1:3000' });
const ORIGIN = 'https://records.example.org';
const JSON_BODY = { 'content-type': 'application/json', 'content-length': '2' };

function isAllowed(headers: Record<string, string>, method = 'POST', config = app): boolean {
  try {
    assertSameOrigin({ method, headers } as unknown as Request, config);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'csrf_check_failed') return false;
    throw error;
  }
}

describe('requests with the session cookie', () => {
  it.each<[string, Record<string, string>]>([
    ["the application's own page", { ...JSON_BODY, 'sec-fetch-site': 'same-origin', origin: ORIGIN }],
    ['a user who typed the URL', { 'sec-fetch-site': 'none' }],
    ['a client that is not a browser', JSON_BODY],
    ['an empty body', { origin: ORIGIN, 'content-length': '0' }],
    ['a SCIM body', { ...JSON_BODY, 'content-type': 'application/scim+json; charset=utf-8' }],
  ])('allows %s', (_name, headers) => {
    expect(isAllowed(headers)).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { ...JSON_BODY, 'sec-fetch-site': 'cross-site' }],
    ['another origin of the same site', { ...JSON_BODY, 'sec-fetch-site': 'same-site' }],
    ['an unknown value of Sec-Fetch-Site', { ...JSON_BODY, 'sec-fetch-site': 'same-origin, none' }],
    ['a foreign origin', { ...JSON_BODY, origin: 'https://evil.example' }],
    ["a foreign origin with the application's origin as a prefix", { ...JSON_BODY, origin: `${ORIGIN}.evil.example` }],
    ["the application's host without TLS", { ...JSON_BODY, origin: 'http://records.example.org' }],
    ['the origin null', { ...JSON_BODY, origin: 'null' }],
    ['its own Host as origin', { ...JSON_BODY, origin: 'http://evil.example', host: 'evil.example' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '2' }],
    ['text with JSON in its parameters', { 'content-type': 'text/plain; application/json', 'content-length': '2' }],
    ['a body without type', { 'transfer-encoding': 'chunked' }],
  ])('rejects %s', (_name, headers) => {
    expect(isAllowed(headers)).toBe(false);
  });

  it('allows reads from any origin', () => {
    expect(isAllowed({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'GET')).toBe(true);
  });

  it('allows any host name of the server in development only', () => {
    const headers = { ...JSON_BODY, origin: 'http://localhost:3000', host: 'localhost:3000' };
    expect(isAllowed(headers, 'POST', development)).toBe(true);
    expect(isAllowed({ ...headers, origin: 'http://evil.example' }, 'POST', development)).toBe(false);
  });
});
