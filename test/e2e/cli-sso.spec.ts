import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { metadataOf } from '../harness/metadata-server.js';
import { signInByOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';
import { runCli } from '../harness/processes.js';
import { newSigningKey } from '../harness/saml-idp.js';

const CONNECTIONS = '/v1/sso/connections';
const PUBLIC = 'http://127.0.0.1:3000';

let harness: Harness;
let idp: OidcIdp;
let org: string;
let director: Client;
let folder: string;
beforeAll(async () => {
  [harness, idp] = await Promise.all([Harness.start(), OidcIdp.start()]);
  org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-cli-'));
});
afterAll(() => Promise.all([harness.stop(), idp.stop(), rm(folder, { recursive: true })]));

/** Runs a command for the organization and returns the JSON object that it prints. */
const sso = (command: string, args: string[] = [], input = ''): Promise<Record<string, any>> =>
  runCli(harness.env, ['sso', command, '--org', org, ...args], input);
const read = async (id: string) => (await director.get(`${CONNECTIONS}/${id}`)).body;

describe('sso add-saml', () => {
  it('sets every setting, selects a provider of a file of several, and shows its unusable parts', async () => {
    const [key, weak] = await Promise.all([newSigningKey(), newSigningKey(1024)]);
    const [wanted, other] = ['https://wanted.example/idp', 'https://other.example/idp'];
    const file = path.join(folder, 'federation.xml');
    const entities = metadataOf(other, [key]) + metadataOf(wanted, [key, weak]);
    const root = '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">';
    await writeFile(file, `${root}${entities}</EntitiesDescriptor>`);
    await expect(sso('add-saml', ['--metadata', file])).rejects.toThrow(
      /idp_entity_id_required.*\n.*https:\/\/other\.example\/idp, https:\/\/wanted\.example\/idp/,
    );
    const settings = [
      ['--metadata', file, '--entity-id', wanted, '--name', 'Wanted'],
      ['--email-attribute', 'mail', '--name-attribute', 'cn', '--group-attribute', 'memberOf'],
      ['--group-role', 'CN=staff,DC=example=mentor', '--attribute-role', 'role=lead=program_director'],
      ['--default-role', 'trainee', '--provisioning', 'off', '--force-authn', 'on', '--clock-skew', '90'],
      ['--want-response-signed', 'on', '--want-encrypted', 'on', '--sign-requests', 'on'],
    ];
    const added = await sso('add-saml', settings.flat());
    expect(added['metadataWarnings']).toEqual([
      { code: 'certificate_skipped', detail: expect.stringContaining('rsa 1024') },
    ]);
    expect(await read(added['id'])).toMatchObject({
      name: 'Wanted',
      idpEntityId: wanted,
      entityId: added['entityId'],
      emailAttribute: 'mail',
      nameAttribute: 'cn',
      groupAttribute: 'memberOf',
      groupRoles: [{ group: 'CN=staff,DC=example', role: 'mentor' }],
      attributeRoles: [{ attribute: 'role', value: 'lead', role: 'program_director' }],
      defaultRole: 'trainee',
      jitProvisioning: false,
      forceAuthn: true,
      clockSkewSeconds: 90,
      wantResponseSigned: true,
      wantAssertionEncrypted: true,
      signRequests: true,
    });
    await sso('update-saml', ['--connection', added['id'], '--force-authn', 'off']);
    expect(await read(added['id'])).toMatchObject({ forceAuthn: false, signRequests: true });
    await expect(sso('update-saml', ['--connection', added['id'], '--clock-skew', '10'])).rejects.toThrow(
      /clockSkewSeconds: must not be less than 60/,
    );
  });
});

describe('an OpenID provider', () => {
  it('is connected, explained, tested, and enforced by commands, each with the checks of the API', async () => {
    idp.broken = 500;
    const client = ['--issuer', idp.issuer, '--client-id', 'client', '--client-secret-stdin'];
    const { id, metadataError, callbackUrl } = await sso(
      'add-oidc',
      [...client, '--group-role', 'mentors=mentor'],
      'x',
    );
    expect([metadataError, callbackUrl]).toEqual(['provider_unreachable', `${PUBLIC}/v1/sso/oidc/${id}/callback`]);
    expect((await read(id)).hasClientSecret).toBe(true);

    const guide = await sso('guide', ['--connection', id, '--provider', 'keycloak']);
    expect(guide['fields']).toContainEqual({ field: 'Valid redirect URIs', value: callbackUrl });

    const page = `${PUBLIC}/sso-test/${id}`;
    expect(await sso('test', ['--connection', id])).toMatchObject({
      page,
      testedAt: null,
      metadataError: 'provider_unreachable',
    });
    await expect(sso('enforce')).rejects.toThrow('sso_connection_not_tested');

    idp.broken = undefined;
    await sso('update-oidc', ['--connection', id, '--issuer', idp.issuer]);
    await signInByOidc(idp, harness.client(), id, { claims: { email_verified: false } });
    const { attempts } = await sso('trace', ['--connection', id]);
    expect(attempts[0]).toMatchObject({
      result: 'rejected',
      reason: 'email_unverified',
      advice: expect.stringContaining('Verify the address'),
    });

    const { body } = await director.post(`${CONNECTIONS}/${id}/test`);
    expect((await director.get(idp.approve(body.url))).status).toBe(303);
    const { testedAt, lastTest } = await sso('test', ['--connection', id]);
    expect([testedAt, lastTest[0].result]).toEqual([expect.any(String), 'accepted']);
    expect(await sso('enforce')).toMatchObject({ requireSso: true });
    expect(await sso('enforce', ['--off'])).toMatchObject({ requireSso: false });
  });
});
