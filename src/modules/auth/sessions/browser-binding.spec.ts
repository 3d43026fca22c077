import { describe, expect, it } from '@jest/globals';
import { bindBrowser, browserSecret } from './browser-binding.js';

const HTTPS = 'https://vouchsafe.example.test';
const LOOPBACK = 'http://127.0.0.1:3000';

describe('the cookie that binds a sign-in to a browser', () => {
  it('travels with a cross-site post, over https only, and no other host can set it', () => {
    const { setCookie } = bindBrowser(undefined, HTTPS);
    expect(setCookie).toMatch(
      /^__Host-vouchsafe-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=None$/,
    );
  });

  it('stays within the loopback host in development', () => {
    expect(bindBrowser(undefined, LOOPBACK).setCookie).toMatch(
      /^vouchsafe-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('is kept for a second sign-in that begins before the first ends', () => {
    const { secret, setCookie } = bindBrowser(undefined, HTTPS);
    const header = `other=1; ${setCookie.split(';')[0]}`;
    expect(browserSecret(header, HTTPS)).toBe(secret);
    expect(bindBrowser(header, HTTPS).secret).toBe(secret);
  });

  it('is another for every browser', () => {
    expect(bindBrowser(undefined, HTTPS).secret).not.toBe(bindBrowser('', HTTPS).secret);
  });

  it('is not taken from text that we did not make, nor over https from the name used without', () => {
    const { secret } = bindBrowser(undefined, HTTPS);
    expect(browserSecret('__Host-vouchsafe-sign-in=x', HTTPS)).toBeUndefined();
    expect(browserSecret(`vouchsafe-sign-in=${secret}`, HTTPS)).toBeUndefined();
  });
});
