import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollTotp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';
import { IdentityProvider, postSaml } from '../harness/identity-provider.js';
import { form, open, redirect } from '../harness/pages.js';

const CONNECTIONS = '/v1/sso/connections';
const SIGN_IN = '/v1/organizations/current/sign-in';
const ROLES = ['program_director', 'mentor'].map((role) => ({ group: `gme:${role}`, role }));

let harness: Harness;
let provider: IdentityProvider;
let org: string;
let owner: Member;
let director: Client;
let connection: string;

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
  org = await harness.make.organization('gme');
  owner = await harness.make.member(org, 'program_director');
  director = await harness.signIn(owner.email);
  connection = await connect();
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

async function connect(more: object = {}): Promise<string> {
  const { status, body } = await director.post(CONNECTIONS, {
    name: 'Clinic <b>North</b>',
    metadata: await provider.metadata(),
    groupRoles: ROLES,
    ...more,
  });
  expect(status).toBe(201);
  return body.id as string;
}

const pageOf = (id: string) => `/sso-test/${id}`;

/** Tests a connection as a browser does: opens the page, presses the button, and signs in at the provider. */
async function testInBrowser(client: Client, id = connection, user = 'mentor@gme.example'): Promise<Answer> {
  expect((await open(client, pageOf(id))).text).toContain(`action="${pageOf(id)}/start"`);
  const started = await form(client, `${pageOf(id)}/start`, {});
  const [, next] = /content="0; url=([^"]*)"/.exec(started.text)!;
  const { fields } = await provider.answer(next!.replaceAll('&amp;', '&'), user);
  const answered = await postSaml(client, id, fields);
  expect(redirect(answered)).toEqual([303, pageOf(id)]);
  return open(client, pageOf(id));
}

const enforce = (client: Client, id = connection) => form(client, `${pageOf(id)}/enforce`, {});
const isEnforced = async () =>
  (await harness.database.superuser('SELECT 1 FROM organizations WHERE id = $1 AND require_sso', [org])).length === 1;
const codeOf = ({ status, body }: Answer) => [status, body.code];

describe('the test page of a connection', () => {
  it('runs a test in any browser of the administrator, and shows what was received and how it maps', async () => {
    const { body } = await director.post(`${CONNECTIONS}/${connection}/test`);
    expect(body.pageUrl).toBe(`http://127.0.0.1:3000${pageOf(connection)}`);
    const page = await testInBrowser(await harness.signIn(owner.email));
    expect(page.status).toBe(200);
    expect(page.text).toContain('The test was successful');
    expect(page.text).toContain('Clinic &lt;b&gt;North&lt;/b&gt;');
    for (const shown of ['mentor@gme.example', 'gme:mentor', 'mentor, by the group gme:mentor'])
      expect(page.text).toContain(shown);
    expect(page.text).toContain('Your organization has not verified the domain of this address.');
    expect(page.text).toContain('You have not signed in through this connection yourself.');
    const result = await director.get(`${CONNECTIONS}/${connection}/test`);
    expect(result.body.warnings).toEqual(['email_domain_unverified', 'own_account_unused']);
    expect((await harness.database.superuser(`SELECT 1 FROM users WHERE email = 'mentor@gme.example'`)).length).toBe(0);
  });

  it('shows why a test failed, and the reasons of rejected answers', async () => {
    const id = await connect();
    const failed = await testInBrowser(director, id, 'trainee@gme.example');
    expect(failed.text).toContain('The test failed');
    expect(failed.text).toContain('role_missing');
    expect(failed.text).toContain('Complete a test first.');
    await postSaml(harness.client(), id, { SAMLResponse: 'AAAA' });
    expect((await open(director, pageOf(id))).text).toContain('Rejected answers');
  });

  it('contains no inline code', async () => {
    const { headers, text } = await open(director, pageOf(connection));
    expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(text).not.toMatch(/<script|\son\w+=|<style|\sstyle=|javascript:/i);
  });

  it('is closed to members without the permission, to other organizations, and to forms of other sites', async () => {
    const mentor = await harness.signIn((await harness.make.member(org, 'mentor')).email);
    const elsewhere = await harness.make.organization('gme');
    const stranger = await harness.signIn((await harness.make.member(elsewhere, 'program_director')).email);
    for (const path of [pageOf(connection), `${pageOf(connection)}/start`, `${pageOf(connection)}/enforce`]) {
      const send = (client: Client, headers?: Record<string, string>) =>
        path === pageOf(connection) ? open(client, path) : form(client, path, {}, headers);
      expect([path, (await send(mentor)).status, (await send(stranger)).status]).toEqual([path, 403, 404]);
      expect([path, redirect(await send(harness.client()))]).toEqual([
        path,
        [303, `/sign-in?returnTo=${encodeURIComponent(pageOf(connection))}`],
      ]);
      if (path !== pageOf(connection))
        expect((await send(director, { origin: 'https://evil.example' })).status).toBe(403);
    }
    expect(await isEnforced()).toBe(false);
  });
});

describe('enforcement from the test page', () => {
  it('needs a test that succeeded after the last change', async () => {
    const id = await connect({ wantResponseSigned: true });
    expect((await open(director, pageOf(id))).text).not.toContain('/enforce');
    await harness.database.superuser('UPDATE sso_connections SET tested_at = NULL WHERE org_id = $1', [org]);
    const page = await enforce(director, id);
    expect([page.status, page.text.includes('Complete a test first.')]).toEqual([409, true]);
    await testInBrowser(director);
  });

  it('names the step that an owner without a second factor has to complete, on the page and in the API', async () => {
    const page = await enforce(director);
    expect(page.status).toBe(409);
    expect(page.text).toContain('Sign in through the identity provider first, or use a second factor');
    expect(page.text).toContain('/account/security');
    const answer = await director.patch(SIGN_IN, { requireSso: true });
    expect(codeOf(answer)).toEqual([409, 'would_lock_you_out']);
    expect(answer.body.detail).toContain('Sign in through the identity provider first, or use a second factor');
    expect(codeOf(await director.patch(SIGN_IN, { requireMfa: true }))).toEqual([409, 'would_lock_you_out']);
    expect((await director.patch(SIGN_IN, { requireMfa: true })).body.detail).toContain('Set up a second factor first');
    expect(await isEnforced()).toBe(false);
  });

  it('asks for a step-up after fifteen minutes, and returns to the page', async () => {
    await harness.database.superuser(
      `UPDATE sessions SET signed_in_at = now() - interval '16 minutes', stepped_up_at = NULL WHERE user_id = $1`,
      [owner.userId],
    );
    expect(redirect(await enforce(director))).toEqual([
      303,
      `/account/step-up?returnTo=${encodeURIComponent(pageOf(connection))}`,
    ]);
    expect(await isEnforced()).toBe(false);
  });

  it('is possible for an owner with a second factor, who can still sign in', async () => {
    const client = await harness.signIn(owner.email);
    await enrollTotp(client);
    const page = await enforce(client);
    expect([page.status, page.text.includes('Single sign-on is enforced')]).toEqual([200, true]);
    expect([await isEnforced(), (await client.get('/v1/organizations/current')).status]).toEqual([true, 200]);
    expect((await open(client, pageOf(connection))).text).toContain('Members must sign in through single sign-on.');
  });
});
