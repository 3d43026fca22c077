import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { Factories } from '../harness/factories.js';
import { form, HTML, open, redirect } from '../harness/pages.js';

let harness: Harness;
let email: string;
beforeAll(async () => {
  harness = await Harness.start();
  ({ email } = await harness.make.member(await harness.make.organization('gme', 'Clinic <b>"North"</b>'), 'mentor'));
});
afterAll(() => harness.stop());

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
    expect([out.status, out.headers.get('location')]).toEqual([303, '/signed-out']);
    expect((await here.get('/v1/auth/me')).status).toBe(401);
    const { status, text } = await here.get('/signed-out?state=x');
    expect([status, text.includes('You are signed out'), text.includes('still signed in')]).toEqual([200, true, false]);
  });

  it('change the password of a member who must change it, and end the other sessions', async () => {
    const { email: own, userId } = await harness.make.member(await harness.make.organization('gme'), 'mentor');
    const [here, there] = [await harness.signIn(own), await harness.signIn(own)];
    await harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [userId]);
    expect(redirect(await form(here, '/account/end-other-sessions', {}))[1]).toMatch(/^\/account\/password/);
    const change = (currentPassword: string, newPassword: string) =>
      form(here, '/account/password', { currentPassword, newPassword });
    const outcomes: [number, string | undefined][] = [];
    for (const [current, next] of [
      ['Wrong-Password-1', 'Synthetic-Test-7'],
      [Factories.PASSWORD, 'short'],
      [Factories.PASSWORD, 'Synthetic-Test-7'],
    ] as const) {
      const { status, text } = await change(current, next);
      outcomes.push([status, /role="alert"[^>]*>([^<]*)/.exec(text)?.[1]]);
    }
    expect(outcomes).toEqual([
      [403, 'The current password is incorrect.'],
      [400, expect.stringContaining('It needs at least 12 characters.') as unknown as string],
      [200, undefined],
    ]);
    expect([(await there.get('/v1/auth/me')).status, (await here.get('/v1/auth/me')).status]).toEqual([401, 200]);
    expect((await form(here, '/account/end-other-sessions', {})).status).toBe(303);
  });

  it('reject a form of another site', async () => {
    const here = await harness.signIn(email);
    expect((await form(here, '/account/sign-out', {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await here.get('/v1/auth/me')).status).toBe(200);
  });
});

describe('a problem', () => {
  it.each([
    ['an unknown page', '/no-such-page', 404, 'not_found'],
    ['an unknown connection', '/v1/sso/saml/nonsense/login', 404, 'not_found'],
    ['a record without a session', '/v1/people', 401, 'unauthenticated'],
    ['a logout without a session', '/v1/sso/oidc/nonsense/logout', 401, 'unauthenticated'],
    ['an invalid address', '/sign-in?email=nonsense', 400, 'invalid_request'],
    ['a link to another site', '/v1/sso/saml/nonsense/login?returnTo=//evil.example&x=1', 400, 'invalid_request'],
  ])('is a page with its title, code, and request id for a browser: %s', async (_what, path, status, code) => {
    const answer = await open(harness.client(), path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answer.text).toContain(`${code} ${answer.headers.get('x-request-id')}`);
    expect(answer.text).toContain('<a href="/sign-in">');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    const program = await harness.client().get(path);
    expect([program.status, program.body.code]).toEqual([status, code]);
  });

  it('is never a page for a program that accepts HTML too', async () => {
    const accept = 'text/html, image/gif, image/jpeg, */*; q=.2';
    const withKey = await harness.client().get('/v1/people', { headers: { accept, authorization: 'Bearer nonsense' } });
    expect(withKey.body.code).toBe('unauthenticated');
    const withJson = await harness.client().post('/v1/auth/login', { email }, { headers: { accept } });
    expect(withJson.body.code).toBe('invalid_request');
    const scim = await harness.client().get('/scim/v2/Users', { headers: { accept } });
    expect(scim.headers.get('content-type')).toContain('application/scim+json');
  });
});

describe('the way back', () => {
  it('from the start page leads to the account page', async () => {
    const client = await harness.signIn(email);
    expect(redirect(await open(client, '/'))).toEqual([303, '/account']);
    expect((await open(client, '/account')).status).toBe(200);
  });

  it('from a form without a session leads to the page of the form', async () => {
    for (const [path, page] of [
      ['/account/end-other-sessions', '/account'],
      ['/account/security/totp/confirm', '/account/security'],
    ] as const)
      expect(redirect(await form(harness.client(), path, {}))).toEqual([
        303,
        `/sign-in?${new URLSearchParams({ returnTo: page }).toString()}`,
      ]);
  });

  it('from an expired sign-in leads to its target, and never to the sign-in itself', async () => {
    const expected = [303, '/sign-in?returnTo=%2Faccount%2Fsecurity'];
    expect(redirect(await open(harness.client(), '/sign-in/mfa?returnTo=/account/security'))).toEqual(expected);
    const posted = await form(harness.client(), '/sign-in/mfa', { totp: '000000', returnTo: '/account/security' });
    expect(redirect(posted)).toEqual(expected);
    expect(redirect(await open(harness.client(), '/sign-in/mfa'))).toEqual([303, '/sign-in?returnTo=%2Faccount']);
  });
});

// The last test of the file, because it uses up the limit of failed sign-ins.
it('the rate limit is a page that says when to come back', async () => {
  const client = harness.client();
  let answer = await form(client, '/sign-in/password', { email });
  for (let tries = 0; tries < 400 && answer.status !== 429; tries += 1)
    answer = await form(client, '/sign-in/password', { email });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});
