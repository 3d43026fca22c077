import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { refusals } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';

const CONNECTIONS = '/v1/sso/connections';

let harness: Harness;
let idp: OidcIdp;
let org: string;
let director: Client;
beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
});
afterAll(() => harness.stop());
// each test has its own issuer, because the error of an issuer is repeated for a minute
beforeEach(async () => {
  idp = await OidcIdp.start();
});
afterEach(() => idp.stop());

const statusAndCode = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const create = (issuer: string) =>
  director.post(CONNECTIONS, {
    name: 'Synthetic',
    protocol: 'oidc',
    issuer,
    clientId: 'client',
    defaultRole: 'program_director',
  });
const faultOf = async (id: string) => {
  const { metadataError, metadataWarnings } = (await director.get(`${CONNECTIONS}/${id}`)).body;
  return { metadataError, metadataWarnings };
};
const fault = (code: string, detail: string) => ({ metadataError: code, metadataWarnings: [{ code, detail }] });
const NO_FAULT = { metadataError: null, metadataWarnings: [] };
const enforce = () => director.patch('/v1/organizations/current/sign-in', { requireSso: true });

/** Asks for a check of the provider, and returns the fault after the worker has checked it. */
async function refreshed(id: string) {
  expect((await director.post(`${CONNECTIONS}/${id}/refresh`)).status).toBe(202);
  await harness.settled();
  return faultOf(id);
}

async function passTest(id: string): Promise<void> {
  const { status, body } = await director.post(`${CONNECTIONS}/${id}/test`);
  expect(status).toBe(201);
  expect((await director.get(idp.approve(body.url))).status).toBe(303);
}

describe('a connection to an OpenID provider', () => {
  it.each([
    ['that does not answer', () => (idp.broken = 500), fault('provider_unreachable', 'status_unexpected')],
    [
      'that states another issuer',
      () => (idp.metadata = { issuer: 'https://other.example.test' }),
      fault('provider_issuer_mismatch', 'the provider states https://other.example.test'),
    ],
    ['without an issuer', () => (idp.metadata = { issuer: null }), fault('provider_metadata_invalid', 'issuer')],
    [
      'without a URL of keys',
      () => (idp.metadata = { jwks_uri: null }),
      fault('provider_metadata_invalid', 'jwks_uri'),
    ],
    ['without readable keys', () => (idp.metadata = { jwks_uri: `${idp.origin}/nothing` }), undefined],
  ])('%s is created with a warning, and signs no user in', async (_what, breakProvider, expected) => {
    breakProvider();
    const { status, body } = await create(idp.issuer);
    expect([status, await faultOf(body.id)]).toEqual([
      201,
      expected ?? fault('provider_unreachable', 'status_unexpected'),
    ]);
    expect(body.metadataError).toBe((await faultOf(body.id)).metadataError);
    if (expected === undefined) return;
    expect(statusAndCode(await director.post(`${CONNECTIONS}/${body.id}/test`))).toEqual([503, 'provider_unreachable']);
    expect(statusAndCode(await harness.client().get(`/v1/sso/oidc/${body.id}/login`))).toEqual([
      503,
      'provider_unreachable',
    ]);
    expect((await refusals(harness, org)).at(-1)).toBe(expected.metadataError);
    expect(statusAndCode(await enforce())).toEqual([409, 'sso_connection_not_tested']);
  });

  it('that does not answer is asked once a minute by all callers, and each caller is counted', async () => {
    idp.broken = 500;
    const { id } = (await create(idp.issuer)).body;
    await harness.settled();
    const before = idp.requests.length;
    const call = () =>
      harness.client().post(`/v1/sso/oidc/${id}/backchannel-logout`, undefined, {
        raw: 'logout_token=a.b.c',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const statuses: number[] = [];
    for (let n = 0; n < 31; n += 1)
      statuses.push(...(await Promise.all(Array.from({ length: 10 }, call))).map(({ status }) => status));
    expect([503, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([300, 10]);
    for (let n = 0; n < 20; n += 1)
      expect((await harness.client().get(`/v1/sso/oidc/${id}/login`)).body.code).toBe('provider_unreachable');
    expect(idp.requests.length - before).toBe(1);
    harness.advance(60);
    idp.broken = undefined;
    expect((await harness.client().get(`/v1/sso/oidc/${id}/login`)).status).toBe(302);
  });

  it('loses the warning when the provider answers, at a refresh or a change of the issuer', async () => {
    idp.broken = 500;
    const { id } = (await create(idp.issuer)).body;
    expect((await refreshed(id)).metadataError).toBe('provider_unreachable');
    idp.broken = undefined;
    expect(await refreshed(id)).toEqual(NO_FAULT);
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.metadataFetchedAt).not.toBeNull();
    const wrong = await director.patch(`${CONNECTIONS}/${id}`, { issuer: `${idp.issuer}/realms/missing` });
    expect([wrong.status, wrong.body.metadataError]).toEqual([200, 'provider_issuer_mismatch']);
    const right = await director.patch(`${CONNECTIONS}/${id}`, { issuer: idp.issuer });
    expect([right.status, right.body.metadataError]).toEqual([200, null]);
  });

  it('cannot be the reason to enforce SSO while the provider does not answer, even after a passed test', async () => {
    const { id } = (await create(idp.issuer)).body;
    await passTest(id);
    idp.broken = 500;
    expect((await refreshed(id)).metadataError).toBe('provider_unreachable');
    expect((await director.get(`${CONNECTIONS}/${id}`)).body.testedAt).not.toBeNull();
    expect(statusAndCode(await enforce())).toEqual([409, 'sso_connection_not_tested']);
    idp.broken = undefined;
    await passTest(id);
    expect(await faultOf(id)).toEqual(NO_FAULT);
    const after = statusAndCode(await enforce());
    expect(after).not.toEqual([409, 'sso_connection_not_tested']);
  });
});
