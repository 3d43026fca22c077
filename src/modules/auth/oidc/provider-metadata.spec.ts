import { describe, expect, it } from '@jest/globals';
import { checkHostedDomain } from './oidc-claims.js';
import type { OidcConnection } from './oidc-connection.js';
import { documentUrl, isIssuerOf, isOfManyTenants, isProviderUrl } from './provider-metadata.js';

const DIRECTORY = '11111111-2222-4333-8444-555555555555';
const ENTRA = 'https://login.example.test';
const B2C = 'https://tenant.b2c.example.test/tenant.example/B2C_1_signin/v2.0';

describe('isProviderUrl and documentUrl', () => {
  it.each(['https://idp.example.test', 'https://idp.example.test/realms/one'])('accepts %s', (url) =>
    expect(isProviderUrl(url, false)).toBe(true),
  );

  it.each([
    'http://127.0.0.1:1',
    'http://idp.example.test',
    'https://user@idp.example.test',
    'https://idp.example.test/#x',
    'javascript:alert(1)',
    'nonsense',
    7,
    undefined,
  ])('rejects %s in a deployment', (url) => expect(isProviderUrl(url, false)).toBe(false));

  it('accepts plain http in development for the loopback host only', () => {
    expect(
      ['http://127.0.0.1:1', 'http://localhost:1', 'http://idp.example.test', 'http://127.0.0.1.example.test'].map(
        (url) => isProviderUrl(url, true),
      ),
    ).toEqual([true, true, false, false]);
  });

  it('builds the document URL from the issuer, or uses a full document URL', () => {
    expect(documentUrl('https://idp.example.test/')).toBe('https://idp.example.test/.well-known/openid-configuration');
    expect(documentUrl('https://idp.example.test/.well-known/openid-configuration?p=x')).toBe(
      'https://idp.example.test/.well-known/openid-configuration?p=x',
    );
  });
});

describe('isIssuerOf', () => {
  it.each([
    ['https://idp.example.test', 'https://idp.example.test'],
    ['https://idp.example.test/.well-known/openid-configuration', 'https://idp.example.test'],
    [`${ENTRA}/common/v2.0`, `${ENTRA}/{tenantid}/v2.0`],
    [B2C, `https://tenant.b2c.example.test/${DIRECTORY}/v2.0/`],
    [B2C, `https://tenant.b2c.example.test/tfp/${DIRECTORY}/b2c_1_signin/v2.0/`],
  ])('accepts for %s the issuer %s', (configured, documented) => expect(isIssuerOf(configured, documented)).toBe(true));

  it.each([
    ['https://idp.example.test', 'https://idp.example.test/'],
    ['https://idp.example.test', 'https://evil.example.test'],
    [`${ENTRA}/${DIRECTORY}/v2.0`, `${ENTRA}/{tenantid}/v2.0`],
    [`${ENTRA}/common/v2.0`, 'https://evil.example.test/{tenantid}/v2.0'],
    [B2C, `https://evil.example.test/${DIRECTORY}/v2.0/`],
    [B2C, `https://tenant.b2c.example.test/tfp/${DIRECTORY}/b2c_1_other/v2.0/`],
    [B2C, 'https://tenant.b2c.example.test/anything/v2.0/'],
  ])('rejects for %s the issuer %s', (configured, documented) =>
    expect(isIssuerOf(configured, documented)).toBe(false),
  );

  it('recognizes issuers of many tenants', () => {
    expect(
      [`${ENTRA}/common/v2.0`, `${ENTRA}/organizations`, `${ENTRA}/${DIRECTORY}/v2.0`, `${ENTRA}/commons/v2.0`].map(
        isOfManyTenants,
      ),
    ).toEqual([true, true, false, false]);
  });
});

describe("Google's hosted domain", () => {
  const token = (issuer: string, hd?: unknown) => ({ issuer, subject: '1', claims: { hd } });
  const connection = { tenants: ['named.example.test'] } as unknown as OidcConnection;

  it('must be present and belong to the organization', () => {
    expect(() => checkHostedDomain(token('https://accounts.google.com'), connection, [])).toThrow(
      'hosted_domain_mismatch',
    );
    expect(() =>
      checkHostedDomain(token('https://accounts.google.com', 'other.example.test'), connection, ['own.example.test']),
    ).toThrow('hosted_domain_mismatch');
    expect(() =>
      checkHostedDomain(token('https://accounts.google.com', 'Own.example.test'), connection, ['own.example.test']),
    ).not.toThrow();
    expect(() =>
      checkHostedDomain(token('https://accounts.google.com', 'named.example.test'), connection, []),
    ).not.toThrow();
  });
});
