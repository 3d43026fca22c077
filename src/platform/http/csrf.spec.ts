import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { AppConfig } from '../config/app.config.js';
import { assertSameOrigin } from './csrf.js';
import { Problem } from '../problem/problem.js';

const app = Object.assign(new AppConfig(), { environment: 'production', publicUrl: 'https://records.example.org/' });
const development = Object.assign(new AppConfig(), { environment: 'development', publicUrl: 'http://127.0.0.1:3000' });
const ORIGIN = 'https://records.example.org';
const JSON_BODY = { 'content-type': 'application/json', 'content-length': '2' };

function admitted(headers: Record<string, string>, method = 'POST', config = app): boolean {
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
    ['our own page', { ...JSON_BODY, 'sec-fetch-site': 'same-origin', origin: ORIGIN }],
    ['a user who typed the address', { 'sec-fetch-site': 'none' }],
    ['a client that is no browser', JSON_BODY],
    ['an empty body', { origin: ORIGIN, 'content-length': '0' }],
    ['a SCIM body', { ...JSON_BODY, 'content-type': 'application/scim+json; charset=utf-8' }],
  ])('admits %s', (_name, headers) => {
    expect(admitted(headers)).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { ...JSON_BODY, 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { ...JSON_BODY, 'sec-fetch-site': 'same-site' }],
    ['a value of Sec-Fetch-Site that is not known', { ...JSON_BODY, 'sec-fetch-site': 'same-origin, none' }],
    ['a foreign origin', { ...JSON_BODY, origin: 'https://evil.example' }],
    ['a foreign origin that begins like ours', { ...JSON_BODY, origin: `${ORIGIN}.evil.example` }],
    ['our host without TLS', { ...JSON_BODY, origin: 'http://records.example.org' }],
    ['the origin null', { ...JSON_BODY, origin: 'null' }],
    ['its own Host as origin', { ...JSON_BODY, origin: 'http://evil.example', host: 'evil.example' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '2' }],
    ['text with JSON in its parameters', { 'content-type': 'text/plain; application/json', 'content-length': '2' }],
    ['a body without type', { 'transfer-encoding': 'chunked' }],
  ])('refuses %s', (_name, headers) => {
    expect(admitted(headers)).toBe(false);
  });

  it('leaves reading alone', () => {
    expect(admitted({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'GET')).toBe(true);
  });

  it('takes any name of this machine in development only', () => {
    const headers = { ...JSON_BODY, origin: 'http://localhost:3000', host: 'localhost:3000' };
    expect(admitted(headers, 'POST', development)).toBe(true);
    expect(admitted({ ...headers, origin: 'http://evil.example' }, 'POST', development)).toBe(false);
  });
});
