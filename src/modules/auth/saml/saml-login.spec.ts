import { inflateRawSync } from 'node:zlib';
import { createVerify } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlServiceProvider, testConnection } from '../../../../test/harness/saml-sign-in.js';
import { newSigningKey, type SigningKey } from '../../../../test/harness/saml-idp.js';
import { clockSkewMillis, type SamlConnection } from './saml-connection.js';
import { attribute, readXml } from './strict-xml.js';

const LIMITS = { maxBytes: 9999, maxDepth: 9, maxElements: 99, maxAttributes: 99 };

describe('a sign-in request', () => {
  let key: SigningKey;
  let plain: SamlConnection;

  beforeAll(async () => {
    key = await newSigningKey();
    plain = testConnection('one', [key.certificate]);
  });

  it('requests a response to the ACS URL of this connection', async () => {
    const { url, requestId } = await new SamlServiceProvider(plain).startLogin(plain);
    const { origin, pathname, searchParams } = new URL(url);
    const request = readXml(inflateRawSync(Buffer.from(searchParams.get('SAMLRequest')!, 'base64')).toString(), LIMITS);
    expect(origin + pathname).toBe('https://idp.example.test/sso');
    expect(attribute(request, 'ID')).toBe(requestId);
    expect(attribute(request, 'AssertionConsumerServiceURL')).toBe(plain.acsUrl);
    expect(request.children.map(({ local, text }) => [local, text])).toEqual([
      ['Issuer', plain.spEntityId],
      ['NameIDPolicy', ''],
    ]);
  });

  it('contains only the request', async () => {
    const { url } = await new SamlServiceProvider(plain).startLogin(plain, '/people');
    expect([...new URL(url).searchParams.keys()]).toEqual(['SAMLRequest']);
  });

  it('is signed with SHA-256 when the connection has a key', async () => {
    const signing = testConnection('one', [key.certificate], { signRequests: true, spKeys: [key] });
    const { url } = await new SamlServiceProvider(signing).startLogin(signing);
    const { search, searchParams } = new URL(url);
    expect(searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    const signed = search.slice(1, search.indexOf('&Signature='));
    expect(
      createVerify('RSA-SHA256').update(signed).verify(key.certificate, searchParams.get('Signature')!, 'base64'),
    ).toBe(true);
  });

  it('rejects a return path on another host', async () => {
    await expect(new SamlServiceProvider(plain).startLogin(plain, 'https://evil.test')).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it.each([
    [0, 60],
    [60, 60],
    [120, 120],
    [180, 180],
    [86_400, 180],
  ])('limits a clock skew of %d seconds to %d', (configured, allowed) => {
    expect(clockSkewMillis({ ...plain, clockSkewSeconds: configured })).toBe(allowed * 1000);
  });
});
