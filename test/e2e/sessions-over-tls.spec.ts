import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { Factories } from '../harness/factories.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { PUBLIC_URL: 'https://records.test.example' } });
});
afterAll(() => harness.stop());

describe('with an https public URL', () => {
  it('the session cookie is bound to this host, sent over TLS only, and valid', async () => {
    const { email } = await harness.make.member(await harness.make.organization('gme'), 'trainee');
    const client = harness.client();
    const { headers } = await client.post('/v1/auth/login', { email, password: Factories.PASSWORD });
    const cookies = headers.getSetCookie();
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-vouchsafe_test=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      expect.stringMatching(
        /^__Host-vouchsafe_test_device=[\w.-]{89}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(cookies.join()).not.toMatch(/domain/i);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
    expect(
      (await client.post('/v1/auth/logout', undefined, { headers: { origin: 'http://records.test.example' } })).status,
    ).toBe(403);
    expect(
      (await client.post('/v1/auth/logout', undefined, { headers: { origin: 'https://records.test.example' } })).status,
    ).toBe(200);
  });
});
