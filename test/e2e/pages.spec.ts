import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';

const HTML = { accept: 'text/html' };

let harness: Harness;
let email: string;
beforeAll(async () => {
  harness = await Harness.start();
  ({ email } = await harness.make.member(await harness.make.organization('gme', 'Clinic <b>"North"</b>'), 'mentor'));
});
afterAll(() => harness.stop());

/** Posts a form like a browser on a page of the given origin. */
function form(
  client: Client,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = { origin: new URL(client.baseUrl).origin },
) {
  return client.send('POST', path, {
    raw: new URLSearchParams(fields).toString(),
    headers: { ...HTML, 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}

describe('the sign-in pages', () => {
  it('sign a user in by e-mail address and password without a script, and redirect to the requested page', async () => {
    const client = harness.client();
    const first = await client.send('GET', '/sign-in?returnTo=%2Faccount', { headers: HTML });
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const second = await client.send(
      'GET',
      `/sign-in?${new URLSearchParams({ email, returnTo: '/account' }).toString()}`,
      { headers: HTML },
    );
    expect(second.text).toContain(`name="email" value="${email}"`);
    const third = await form(client, '/sign-in/password', {
      email,
      password: Factories.PASSWORD,
      returnTo: '/account',
    });
    expect([third.status, third.headers.get('location')]).toEqual([303, '/account']);
    const account = await client.send('GET', '/account', { headers: HTML });
    expect(account.status).toBe(200);
    expect(account.text).toContain('Clinic &lt;b&gt;&quot;North&quot;&lt;/b&gt;');
  });

  it('show the form again with an error message for screen readers', async () => {
    const answer = await form(harness.client(), '/sign-in/password', { email, password: 'Wrong-Password-1' });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(
      /<p role="alert"[^>]*id="problem">The e-mail address or the password is incorrect\.<\/p>/,
    );
    expect(answer.text).toContain('aria-invalid="true" aria-describedby="problem"');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['https://evil.example/', '/account'],
    ['//evil.example', '/account'],
    ['/\\evil.example', '/account'],
    ['javascript:alert(1)', '/account'],
    ['/v1/people?limit=1', '/v1/people?limit=1'],
  ])('redirect only to a path of this host: %s', async (returnTo, location) => {
    const answer = await form(harness.client(), '/sign-in/password', { email, password: Factories.PASSWORD, returnTo });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, location]);
  });

  it.each<[string, Record<string, string>]>([
    ['from another site', { origin: 'https://evil.example' }],
    ['from a sandboxed page', { origin: 'null' }],
    ['without an origin', {}],
  ])('reject a form %s', async (_whose, headers) => {
    const answer = await form(harness.client(), '/sign-in/password', { email, password: Factories.PASSWORD }, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('contain no inline script and no inline style, even for hostile parameters', async () => {
    const hostile = '"><script>alert(1)</script>@test.example';
    const pages = [
      `/sign-in?${new URLSearchParams({ email: hostile }).toString()}`,
      '/sign-in',
      '/account/forgot',
      '/account/reset',
      '/invites/accept',
    ];
    for (const path of pages) {
      const { status, text, headers } = await harness.client().send('GET', path, { headers: HTML });
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)|\son\w+=|<style|\sstyle=|javascript:/i);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    }
  });
});

describe('the account pages', () => {
  it('redirect browsers without a session to the sign-in page, and answer programs with a problem', async () => {
    const browser = await harness.client().send('GET', '/account', { headers: HTML });
    expect([browser.status, browser.headers.get('location')]).toEqual([303, '/sign-in?returnTo=%2Faccount']);
    expect((await harness.client().get('/account')).body.code).toBe('unauthenticated');
  });

  it('end all other sessions, then the current one', async () => {
    const [here, there] = [await harness.signIn(email), await harness.signIn(email)];
    expect((await form(here, '/account/end-other-sessions', {})).status).toBe(303);
    expect((await there.get('/v1/auth/me')).status).toBe(401);
    const out = await form(here, '/account/sign-out', {});
    expect([out.status, out.headers.get('location')]).toEqual([303, '/sign-in']);
    expect((await here.get('/v1/auth/me')).status).toBe(401);
  });

  it('reject a form of another site', async () => {
    const here = await harness.signIn(email);
    expect((await form(here, '/account/sign-out', {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await here.get('/v1/auth/me')).status).toBe(200);
  });
});
