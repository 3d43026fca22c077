import { beforeAll, describe, expect, it } from '@jest/globals';
import { newSigningKey, type SigningKey } from '../../../../test/harness/saml-idp.js';
import { readIdpMetadata } from './idp-metadata.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const bare = (xml: string): string => xml.replace(/^<\?xml[^>]*\?>/, '');
const federation = (inside: string, about = ''): string =>
  `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"${about}>${inside}</EntitiesDescriptor>`;

let key: SigningKey;
let next: SigningKey;
beforeAll(async () => {
  [key, next] = await Promise.all([newSigningKey(), newSigningKey()]);
});

const base64 = ({ certificate }: SigningKey): string => certificate.replace(/-----[A-Z ]+-----/g, '');

interface Pieces {
  root: string;
  descriptor: string;
  keys: string;
  endpoint: string;
  post: string;
}

const keyDescriptor = (certificate: string, use = ' use="signing"'): string =>
  `<KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate>` +
  '</ds:X509Data></ds:KeyInfo></KeyDescriptor>';

function file(change: Partial<Pieces> = {}): string {
  const pieces: Pieces = {
    root: 'entityID="https://idp.example.test/metadata"',
    descriptor: 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"',
    keys: keyDescriptor(base64(key)),
    endpoint: `<SingleSignOnService Binding="${REDIRECT}" Location="https://idp.example.test/sso?tenant=1"/>`,
    post: `<SingleSignOnService Binding="${POST}" Location="https://idp.example.test/post"/>`,
    ...change,
  };
  return `<?xml version="1.0"?><!-- made by hand --><EntityDescriptor
    xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
    xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" ${pieces.root}>
    <IDPSSODescriptor ${pieces.descriptor}><Extensions>
      <shibmd:Scope regexp="false">Example.TEST</shibmd:Scope><shibmd:Scope regexp="true">.*</shibmd:Scope></Extensions>
    ${pieces.keys}${pieces.post}${pieces.endpoint}</IDPSSODescriptor></EntityDescriptor>`;
}

const wanted = (entityId: string) => ({ entityId, required: true });

describe('readIdpMetadata', () => {
  it('reads the data that a connection needs', async () => {
    expect(await readIdpMetadata(file(), NOW)).toEqual({
      entityId: 'https://idp.example.test/metadata',
      ssoUrl: 'https://idp.example.test/sso?tenant=1',
      certificates: [expect.stringContaining('BEGIN CERTIFICATE')],
      ssoBinding: 'redirect',
      sloUrl: undefined,
      sloResponseUrl: undefined,
      sloBinding: 'redirect',
      wantsSignedRequests: false,
      scopes: ['example.test'],
      warnings: [{ code: 'scope_skipped', detail: '.*' }],
    });
  });

  it('reads each signing certificate once and no encryption certificate', async () => {
    const keys =
      keyDescriptor(base64(key)) +
      keyDescriptor(base64(next), '') +
      keyDescriptor(base64(key), ' use="encryption"') +
      keyDescriptor(base64(key));
    expect((await readIdpMetadata(file({ keys }), NOW)).certificates).toHaveLength(2);
  });

  it('accepts a file with a byte order mark', async () => {
    expect((await readIdpMetadata(`\uFEFF${file()}`, NOW)).scopes).toEqual(['example.test']);
  });

  it('accepts a plain http URL on the loopback host', async () => {
    const endpoint = `<SingleSignOnService Binding="${REDIRECT}" Location="http://127.0.0.1:8080/sso"/>`;
    expect((await readIdpMetadata(file({ endpoint }), NOW)).ssoUrl).toBe('http://127.0.0.1:8080/sso');
  });

  it('uses the post binding only without a redirect binding, for sign-in and logout', async () => {
    const slo =
      `<SingleLogoutService Binding="${POST}" Location="https://idp.example.test/slo" ` +
      'ResponseLocation="https://idp.example.test/slo/answer"/>';
    expect(await readIdpMetadata(file({ endpoint: slo }), NOW)).toMatchObject({
      ssoUrl: 'https://idp.example.test/post',
      ssoBinding: 'post',
      sloUrl: 'https://idp.example.test/slo',
      sloResponseUrl: 'https://idp.example.test/slo/answer',
      sloBinding: 'post',
    });
    const both = slo + `<SingleLogoutService Binding="${REDIRECT}" Location="https://idp.example.test/slo/redirect"/>`;
    expect(await readIdpMetadata(file({ endpoint: both }), NOW)).toMatchObject({
      sloUrl: 'https://idp.example.test/slo/redirect',
      sloResponseUrl: undefined,
      sloBinding: 'redirect',
    });
  });

  it('finds the only provider in a file of several entities, or the named one', async () => {
    const one = bare(file());
    const other = bare(file({ root: 'entityID="https://other.example.test/metadata"' }));
    const service =
      '<EntityDescriptor entityID="https://sp.example.test"><SPSSODescriptor ' +
      'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>';
    expect((await readIdpMetadata(federation(service + one), NOW)).entityId).toBe('https://idp.example.test/metadata');
    await expect(readIdpMetadata(federation(one + other), NOW)).rejects.toMatchObject({ reason: 'metadata_ambiguous' });
    expect(
      (await readIdpMetadata(federation(one + other), NOW, wanted('https://other.example.test/metadata'))).entityId,
    ).toBe('https://other.example.test/metadata');
    await expect(
      readIdpMetadata(federation(one + one), NOW, wanted('https://idp.example.test/metadata')),
    ).rejects.toMatchObject({ reason: 'metadata_ambiguous' });
    await expect(readIdpMetadata(federation(one), NOW, wanted('https://missing.example.test'))).rejects.toMatchObject({
      reason: 'metadata_entity_unknown',
      entityIds: ['https://idp.example.test/metadata'],
    });
    await expect(readIdpMetadata(federation(one, ' validUntil="2025-12-31T00:00:00Z"'), NOW)).rejects.toMatchObject({
      reason: 'metadata_expired',
    });
    expect(
      await readIdpMetadata(
        federation(one + bare(file({ root: 'entityID="x" validUntil="2025-01-01T00:00:00Z"' }))),
        NOW,
        wanted('https://idp.example.test/metadata'),
      ),
    ).toBeDefined();
  });

  it.each<[string, Partial<Pieces>, string]>([
    ['no entity id', { root: '' }, 'metadata_not_idp'],
    [
      'another protocol',
      { descriptor: 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"' },
      'metadata_not_idp',
    ],
    ['an expired validity', { root: 'entityID="x" validUntil="2025-12-31T00:00:00Z"' }, 'metadata_expired'],
    ['a malformed validity', { root: 'entityID="x" validUntil="soon"' }, 'metadata_expired'],
    [
      'a plain http endpoint',
      { post: '', endpoint: `<SingleSignOnService Binding="${REDIRECT}" Location="http://idp.example.test/sso"/>` },
      'metadata_endpoint',
    ],
    [
      'a script for an endpoint',
      { post: '', endpoint: `<SingleSignOnService Binding="${REDIRECT}" Location="javascript:alert(1)"/>` },
      'metadata_endpoint',
    ],
    [
      'an endpoint with a password',
      { post: '', endpoint: `<SingleSignOnService Binding="${REDIRECT}" Location="https://a:b@idp.example.test/"/>` },
      'metadata_endpoint',
    ],
    ['no certificate', { keys: '' }, 'metadata_certificate'],
    ['a malformed certificate', { keys: keyDescriptor('AAAA') }, 'metadata_certificate'],
  ])('rejects %s', async (_name, change, reason) => {
    await expect(readIdpMetadata(file(change), NOW)).rejects.toMatchObject({ reason });
  });

  it('rejects a key that is too short', async () => {
    const keys = keyDescriptor(base64(await newSigningKey(1024)));
    await expect(readIdpMetadata(file({ keys }), NOW)).rejects.toMatchObject({ reason: 'metadata_certificate' });
  });

  it('rejects a descriptor outside an entity', async () => {
    await expect(readIdpMetadata(file().replaceAll('EntityDescriptor', 'Other'), NOW)).rejects.toMatchObject({
      reason: 'metadata_not_idp',
    });
  });

  it('rejects a DOCTYPE and an empty federation', async () => {
    await expect(readIdpMetadata(`<!DOCTYPE x>${file()}`, NOW)).rejects.toMatchObject({ reason: 'xml_doctype' });
    await expect(
      readIdpMetadata('<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', NOW),
    ).rejects.toMatchObject({ reason: 'metadata_not_idp' });
  });
});
