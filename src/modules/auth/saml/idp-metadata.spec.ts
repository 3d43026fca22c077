import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { metadataOf } from '../../../../test/harness/metadata-server.js';
import { newSigningKey } from '../../../../test/harness/saml-idp.js';
import { readIdpMetadata } from './idp-metadata.js';
import { metadataText } from './metadata-source.js';

const NOW = Date.parse('2026-12-01T00:00:00Z');
const IDP = 'https://a.example.test/idp';
const FIXTURES = '../../../../test/fixtures/metadata/';
const fixture = (name: string): Buffer => readFileSync(new URL(FIXTURES + name, import.meta.url));
const TEXT = fixture('cdata.xml').toString();
/** Reads a file as bytes in pieces, as from a URL, and as text, as from an upload. */
const readBoth = async (bytes: Buffer) => {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
  const fromUrl = await readIdpMetadata(pieces, NOW);
  expect(await readIdpMetadata(await metadataText(bytes), NOW)).toEqual(fromUrl);
  return fromUrl;
};

describe('an optional part of a metadata file does not spoil the file', () => {
  it.each([
    ['a blank line first', 'blank-line-first.xml', []],
    ['a CDATA section', 'cdata.xml', []],
    ['the declaration of another encoding', 'declares-utf16.xml', []],
    [
      'an EC certificate next to an RSA certificate',
      'rsa-and-ec-certificate.xml',
      [{ code: 'certificate_skipped', detail: expect.stringContaining('not ec') }],
    ],
    [
      'a logout URL by plain http',
      'slo-http.xml',
      [{ code: 'logout_url_skipped', detail: 'http://idp.example.test/slo' }],
    ],
  ])('%s', async (_part, name, warnings) => {
    const read = await readBoth(fixture(name));
    expect(read).toMatchObject({ entityId: IDP, ssoUrl: 'https://idp.example.test/sso', sloUrl: undefined });
    expect(read.certificates).toHaveLength(1);
    expect(read.warnings).toEqual(warnings);
  });

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
    ['UTF-16, little endian', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
    ['UTF-16, big endian', Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16()],
  ])('%s', async (_encoding, bytes) => {
    expect((await readBoth(bytes)).entityId).toBe(IDP);
  });

  it('a weak certificate, an unreadable certificate, and more certificates than a connection can have', async () => {
    const keys = await Promise.all(Array.from({ length: 11 }, () => newSigningKey()));
    const weak = await newSigningKey(1024);
    const read = await readIdpMetadata(metadataOf(IDP, [weak, { ...weak, certificate: 'AAAA' }, ...keys]), NOW);
    expect(read.certificates).toHaveLength(10);
    expect(read.warnings).toEqual([
      { code: 'certificate_skipped', detail: expect.stringContaining('rsa 1024') },
      { code: 'certificate_skipped', detail: 'unreadable' },
      { code: 'certificate_skipped', detail: expect.stringContaining('first 10') },
    ]);
  });

  it('a sign-in URL by plain http, if another one is usable', async () => {
    const post =
      '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://b.test/"/>';
    const both = TEXT.replace('https://idp', 'http://idp').replace('</md:IDPSSODescriptor>', `${post}$&`);
    expect(await readIdpMetadata(both, NOW)).toMatchObject({
      ssoUrl: 'https://b.test/',
      ssoBinding: 'post',
      warnings: [{ code: 'sign_in_url_skipped', detail: 'http://idp.example.test/sso' }],
    });
  });

  it('a response URL of the logout that is a script', async () => {
    const slo = fixture('slo-http.xml').toString().replace('http://idp', 'https://idp');
    const read = await readIdpMetadata(slo.replace('/slo"', '/slo" ResponseLocation="javascript:alert(1)"'), NOW);
    expect([read.sloUrl, read.sloResponseUrl, read.warnings.map(({ code }) => code)]).toEqual([
      undefined,
      undefined,
      ['logout_url_skipped'],
    ]);
  });
});

describe('a metadata file is rejected', () => {
  it('without a usable certificate, even if the file has others', async () => {
    const weak = await newSigningKey(1024);
    await expect(readIdpMetadata(metadataOf(IDP, [weak, weak]), NOW)).rejects.toMatchObject({
      reason: 'metadata_certificate',
    });
  });

  it('with a DOCTYPE, an entity, or bytes of another encoding', async () => {
    const reject = async (source: string | Buffer[], reason: string): Promise<void> =>
      expect(readIdpMetadata(source, NOW)).rejects.toMatchObject({ reason });
    await reject(`<!DOCTYPE x>${TEXT}`, 'xml_doctype');
    await reject(TEXT.replace('A & B', ']]>&x;<![CDATA['), 'xml_malformed');
    await reject([Buffer.from(TEXT.replace('A & B', 'Universität'), 'latin1')], 'not_utf8');
  });
});

describe('a file of several identity providers', () => {
  const two = fixture('two-idps.xml').toString();

  it('gives the chosen provider, and otherwise an error with the entity ids', async () => {
    const ids = [IDP, 'https://b.example.test/idp'];
    for (const entityId of ids)
      expect((await readIdpMetadata(two, NOW, { entityId, required: true })).entityId).toBe(entityId);
    await expect(readIdpMetadata(two, NOW)).rejects.toMatchObject({
      reason: 'metadata_ambiguous',
      entityIds: ids,
      total: 2,
    });
    await expect(readIdpMetadata(two, NOW, { entityId: 'x', required: true })).rejects.toMatchObject({
      reason: 'metadata_entity_unknown',
      entityIds: ids,
    });
  });

  it('gives the known provider at a refresh, and the only provider of another file', async () => {
    const known = { entityId: IDP, required: false };
    expect((await readIdpMetadata(two, NOW, known)).entityId).toBe(IDP);
    const other = TEXT.replaceAll('https://a.example.test', 'https://c.example.test');
    expect((await readIdpMetadata(other, NOW, known)).entityId).toBe('https://c.example.test/idp');
  });

  it('can have 5,000 entities, of which only one is in memory at a time', async () => {
    const [entity] = /<md:EntityDescriptor.*?<\/md:EntityDescriptor>/s.exec(two)!;
    async function* federation(): AsyncGenerator<Buffer> {
      yield Buffer.from('<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">');
      for (let i = 0; i < 5_000; i++) yield Buffer.from(entity.replace(IDP, `https://idp-${i}.example.test`));
      yield Buffer.from('</md:EntitiesDescriptor>');
    }
    const entityId = 'https://idp-4321.example.test';
    expect((await readIdpMetadata(federation(), NOW, { entityId, required: true })).entityId).toBe(entityId);
    await expect(readIdpMetadata(federation(), NOW)).rejects.toMatchObject({
      total: 5_000,
      entityIds: Array.from({ length: 100 }, (_, i) => `https://idp-${i}.example.test`),
    });
  });

  it('can have 20 MB at most', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">');
      for (;;) yield Buffer.alloc(1024 * 1024, ' ');
    }
    await expect(readIdpMetadata(endless(), NOW)).rejects.toMatchObject({ reason: 'too_large' });
  });
});
