import { DOMParser } from '@xmldom/xmldom';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProvider } from 'samlify';
import { SignedXml } from 'xml-crypto';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { newSigningKey, type SigningKey } from '../../../../test/harness/saml-idp.js';
import type { SamlConnection } from './saml-connection.js';
import { serviceProviderMetadata } from './sp-metadata.js';
import { attribute, readXml, type XmlElement } from './strict-xml.js';

const LIMITS = { maxBytes: 19_999, maxDepth: 9, maxElements: 150, maxAttributes: 150 };
const OPERATOR = {
  name: 'Synthetic & University',
  url: 'https://records.example.org/about',
  privacyUrl: 'https://records.example.org/privacy',
  technicalContact: 'tech@example.org',
  securityContact: 'security@example.org',
};
/** The order of child elements in the schemas saml-schema-metadata-2.0.xsd and sstc-saml-metadata-ui-v1.0.xsd. */
const SCHEMA: Readonly<Record<string, readonly string[]>> = {
  EntityDescriptor: ['Signature', 'SPSSODescriptor', 'Organization', 'ContactPerson'],
  SPSSODescriptor: [
    'Extensions',
    'KeyDescriptor',
    'SingleLogoutService',
    'NameIDFormat',
    'AssertionConsumerService',
    'AttributeConsumingService',
  ],
  UIInfo: ['DisplayName', 'Description', 'InformationURL', 'PrivacyStatementURL'],
  KeyDescriptor: ['KeyInfo', 'EncryptionMethod'],
  Organization: ['OrganizationName', 'OrganizationDisplayName', 'OrganizationURL'],
  ContactPerson: ['GivenName', 'EmailAddress'],
  AttributeConsumingService: ['ServiceName', 'RequestedAttribute'],
};

let key: SigningKey;
let next: SigningKey;
beforeAll(async () => {
  [key, next] = await Promise.all([newSigningKey(), newSigningKey()]);
});

const base64 = ({ certificate }: SigningKey): string => certificate.replace(/-----[A-Z ]+-----/g, '');
const metadata = (settings: Partial<SamlConnection>): string =>
  serviceProviderMetadata(testConnection('one', [key.certificate], settings), OPERATOR);
const named = ({ children }: XmlElement, name: string): XmlElement | undefined =>
  children.find(({ local }) => local === name);

describe('serviceProviderMetadata', () => {
  it("contains the connection's entity id and ACS URL, and requires signed assertions", () => {
    const root = readXml(metadata({}), LIMITS);
    const descriptor = named(root, 'SPSSODescriptor');
    const endpoint = named(descriptor!, 'AssertionConsumerService')!;
    expect(attribute(root, 'entityID')).toBe('https://vouchsafe.example.test/v1/sso/saml/one/metadata');
    expect(attribute(descriptor!, 'WantAssertionsSigned')).toBe('true');
    expect(attribute(descriptor!, 'AuthnRequestsSigned')).toBe('false');
    expect(attribute(endpoint, 'Location')).toBe('https://vouchsafe.example.test/v1/sso/saml/one/acs');
  });

  it('contains the certificate of the request signatures', () => {
    const text = metadata({ signRequests: true, spKeys: [next] });
    expect(text).toContain('AuthnRequestsSigned="true"');
    expect(text.replace(/\s/g, '')).toContain(base64(next).replace(/\s/g, ''));
  });

  it('contains two signing keys during a rotation, and the new key for encryption', () => {
    const root = readXml(metadata({ spKeys: [key, next] }), LIMITS);
    const shown = named(root, 'SPSSODescriptor')!
      .children.filter(({ local }) => local === 'KeyDescriptor')
      .map((item) => [attribute(item, 'use'), item.children[0]!.children[0]!.children[0]!.text]);
    const [first, second] = [key, next].map((one) => base64(one).replace(/\s/g, ''));
    expect(shown).toEqual([
      ['signing', first],
      ['signing', second],
      ['encryption', second],
    ]);
  });

  it('contains the logout URL when the connection has a signing key', () => {
    expect(metadata({})).not.toContain('SingleLogoutService');
    const text = metadata({ spKeys: [next] });
    expect(
      text.match(/SingleLogoutService [^>]*Location="https:\/\/vouchsafe.example.test\/v1\/sso\/saml\/one\/logout"/g),
    ).toHaveLength(2);
  });

  it('has the elements of the schema in its order, with every optional part', () => {
    const text = metadata({ spKeys: [key, next], groupAttribute: 'groups' });
    const root = readXml(text, LIMITS);
    const misplaced: string[] = [];
    const check = (element: XmlElement): void => {
      const order = SCHEMA[element.local];
      const found = element.children.map(({ local }) => local);
      if (order !== undefined) {
        const positions = found.map((local) => order.indexOf(local));
        const isSorted = positions.every((position, at) => position >= (positions[at - 1] ?? 0));
        if (!isSorted || positions.includes(-1)) misplaced.push(`${element.local}: ${found.join(' ')}`);
      }
      element.children.forEach(check);
    };
    check(root);
    expect(misplaced).toEqual([]);
    expect(root.children.map(({ local }) => local)).toEqual([
      'Signature',
      'SPSSODescriptor',
      'Organization',
      'ContactPerson',
      'ContactPerson',
    ]);
    expect(new Set(named(root, 'SPSSODescriptor')!.children.map(({ local }) => local))).toEqual(
      new Set(SCHEMA['SPSSODescriptor']),
    );
  });

  it("contains what federations ask for: names, a privacy statement, and REFEDS's form of the security contact", () => {
    const text = metadata({ spKeys: [key] });
    for (const part of [
      'cacheDuration="P1D"',
      '<mdui:DisplayName xml:lang="en">Synthetic &amp; University</mdui:DisplayName>',
      '<mdui:PrivacyStatementURL xml:lang="en">https://records.example.org/privacy</mdui:PrivacyStatementURL>',
      '<md:OrganizationURL xml:lang="en">https://records.example.org/about</md:OrganizationURL>',
      '<md:ContactPerson contactType="technical"><md:GivenName>Technical support</md:GivenName>' +
        '<md:EmailAddress>mailto:tech@example.org</md:EmailAddress>',
      '<md:ContactPerson contactType="other" remd:contactType="http://refeds.org/metadata/contactType/security">' +
        '<md:GivenName>Security team</md:GivenName><md:EmailAddress>mailto:security@example.org</md:EmailAddress>',
      'xmlns:remd="http://refeds.org/metadata"',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('validUntil');
  });

  it('omits contacts and the privacy statement without configuration', () => {
    const { name, url } = OPERATOR;
    const text = serviceProviderMetadata(testConnection('one', [key.certificate]), { name, url });
    expect(text).not.toMatch(/ContactPerson|PrivacyStatementURL/);
  });

  it('requests the attributes that the connection reads, and offers each accepted NameID format', () => {
    const requested = (settings: Parameters<typeof metadata>[0]) =>
      [...metadata(settings).matchAll(/<md:RequestedAttribute Name="([^"]*)" NameFormat="[^"]*:(\w+)"/g)].map(
        ([, name, format]) => [name, format],
      );
    expect(requested({ groupRoles: [] })).toEqual([
      ['urn:oid:0.9.2342.19200300.100.1.3', 'uri'],
      ['urn:oid:2.16.840.1.113730.3.1.241', 'uri'],
    ]);
    const attributeRoles = [{ attribute: 'title', value: 'dean', role: 'mentor' }];
    expect(
      requested({ emailAttribute: 'email', nameAttribute: 'cn', groupAttribute: 'groups', attributeRoles }),
    ).toEqual([
      ['email', 'basic'],
      ['cn', 'basic'],
      ['groups', 'basic'],
      ['title', 'basic'],
    ]);
    const formats = [...metadata({}).matchAll(/<md:NameIDFormat>([^<]*)/g)].map(([, format]) =>
      format!.split(':').at(-1),
    );
    expect(formats).toEqual(['persistent', 'emailAddress', 'unspecified']);
  });

  it('is signed by the key in use, and a change of one character breaks the signature', () => {
    const text = metadata({ spKeys: [key, next] });
    const isSignedBy = (xml: string, { certificate }: SigningKey): boolean => {
      const [signature] = new DOMParser()
        .parseFromString(xml, 'text/xml')
        .getElementsByTagNameNS('http://www.w3.org/2000/09/xmldsig#', 'Signature');
      const signed = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
      signed.loadSignature(signature as unknown as Parameters<SignedXml['loadSignature']>[0]);
      try {
        return signed.checkSignature(xml);
      } catch {
        return false;
      }
    };
    expect([isSignedBy(text, key), isSignedBy(text, next)]).toEqual([true, false]);
    expect(isSignedBy(text.replace('/one/acs', '/two/acs'), key)).toBe(false);
    expect(metadata({})).not.toContain('Signature>');
  });

  it('is read by samlify', () => {
    const connection = testConnection('one', [key.certificate], { spKeys: [key] });
    const { entityMeta } = ServiceProvider({ metadata: serviceProviderMetadata(connection, OPERATOR) });
    expect(entityMeta.getEntityID()).toBe(connection.spEntityId);
    expect(entityMeta.getAssertionConsumerService('post')).toBe(connection.acsUrl);
    expect(entityMeta.getSingleLogoutService('redirect')).toBe(connection.logoutUrl);
    expect(entityMeta.getNameIDFormat()).toContain('urn:oasis:names:tc:SAML:2.0:nameid-format:persistent');
  });
});
