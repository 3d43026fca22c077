import { describe, expect, it } from '@jest/globals';
import { bindBrowser, browserSecret } from './browser-binding.js';

const HTTPS = 'https://vouchsafe.example.test';
const LOOPBACK = 'http://127.0.0.1:3000';

describe('the browser binding cookie', () => {
  it('is sent with a cross-site POST over HTTPS only, and no other host can set it', () => {
    const { setCookie } = bindBrowser(undefined, HTTPS);
    expect(setCookie).toMatch(
      /^__Host-vouchsafe-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=None$/,
    );
  });

  it('is limited to the loopback host in development', () => {
    expect(bindBrowser(undefined, LOOPBACK).setCookie).toMatch(
      /^vouchsafe-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('is reused for a second sign-in that starts before the first one ends', () => {
    const { secret, setCookie } = bindBrowser(undefined, HTTPS);
    const header = `other=1; ${setCookie.split(';')[0]}`;
    expect(browserSecret(header, HTTPS)).toBe(secret);
    expect(bindBrowser(header, HTTPS).secret).toBe(secret);
  });

  it('differs for every browser', () => {
    expect(bindBrowser(undefined, HTTPS).secret).not.toBe(bindBrowser('', HTTPS).secret);
  });

  it('is rejected when it is malformed, or when the HTTP cookie name is used over HTTPS', () => {
    const { secret } = bindBrowser(undefined, HTTPS);
    expect(browserSecret('__Host-vouchsafe-sign-in=x', HTTPS)).toBeUndefined();
    expect(browserSecret(`vouchsafe-sign-in=${secret}`, HTTPS)).toBeUndefined();
  });
});
