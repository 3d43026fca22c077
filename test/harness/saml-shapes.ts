import { GCM_128, withEncrypted, CBC_256, OAEP_11, type EncryptionChoices } from './saml-encryption.js';
import { assertionXml, instant, nameId, responseXml, sign, type Parts, type SigningKey } from './saml-idp.js';
import type { SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import type { SsoIdentity } from '../../src/modules/auth/sso/verified-identity.js';

const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const EMAIL_FORMAT = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const MICROSOFT = 'http://schemas.microsoft.com';

interface Written {
  name: string;
  friendly?: string;
  format?: string;
  type?: string;
  values: readonly string[];
}

/** Returns an attribute statement in the style of a product: with formats, friendly names, and types. */
function attributes(list: readonly Written[]): string {
  const all = list.map(({ name, friendly, format, type, values }) => {
    const about =
      (format ? ` NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:${format}"` : '') +
      (friendly ? ` FriendlyName="${friendly}"` : '');
    const typed = type ? `${XS} xsi:type="${type}"` : '';
    const inside = values.map((value) => `<saml:AttributeValue ${typed}>${value}</saml:AttributeValue>`);
    return `<saml:Attribute Name="${name}"${about}>${inside.join('')}</saml:Attribute>`;
  });
  return `<saml:AttributeStatement>${all.join('')}</saml:AttributeStatement>`;
}

/** A product's usual response, the settings of its connection, and the expected identity. */
export interface Shape {
  readonly product: string;
  readonly settings?: Partial<SamlConnection>;
  readonly change: (parts: Parts, connection: SamlConnection) => Partial<Parts>;
  readonly signs?: 'assertion' | 'both';
  readonly encrypts?: EncryptionChoices;
  /** Changes the text before it is signed, such as its prefixes or blanks. */
  readonly written?: (xml: string) => string;
  readonly expected: Partial<SsoIdentity>;
}

const prefixed =
  (protocol: string, assertion: string) =>
  (xml: string): string =>
    xml
      .replaceAll('samlp:', `${protocol}:`)
      .replaceAll('xmlns:samlp=', `xmlns:${protocol}=`)
      .replaceAll('saml:', `${assertion}:`)
      .replaceAll('xmlns:saml=', `xmlns:${assertion}=`);
/** Makes the assertion's namespace the default namespace, as .NET does. */
const dotNet = (xml: string): string =>
  xml.replace(/<saml:Assertion .*<\/saml:Assertion>/s, (assertion) =>
    assertion.replaceAll('saml:', '').replace('xmlns:saml=', 'xmlns='),
  );

export const SHAPES: readonly Shape[] = [
  {
    product: 'Okta',
    signs: 'both',
    written: prefixed('saml2p', 'saml2'),
    change: () => ({
      nameId: nameId('ada@okta.example', { Format: UNSPECIFIED }),
      attributes: attributes([
        { name: 'email', format: 'unspecified', type: 'xs:string', values: ['ada@okta.example'] },
        { name: 'firstName', format: 'unspecified', type: 'xs:string', values: ['Ada'] },
        { name: 'lastName', format: 'unspecified', type: 'xs:string', values: ['Example'] },
        { name: 'groups', format: 'unspecified', type: 'xs:string', values: ['Everyone', 'mentors'] },
      ]),
    }),
    expected: {
      email: 'ada@okta.example',
      displayName: 'Ada Example',
      groups: ['Everyone', 'mentors'],
      role: 'mentor',
    },
  },
  {
    product: 'Entra ID',
    written: dotNet,
    settings: { subject: 'entra-object' },
    change: () => ({
      nameId: nameId('ada@entra.example', { Format: EMAIL_FORMAT }),
      attributes: attributes([
        { name: `${MICROSOFT}/identity/claims/tenantid`, values: ['11111111-2222-3333-4444-555555555555'] },
        { name: `${MICROSOFT}/identity/claims/objectidentifier`, values: ['99999999-8888-7777-6666-555555555555'] },
        { name: `${MICROSOFT}/identity/claims/displayname`, values: ['Ada Example'] },
        { name: `${MICROSOFT}/identity/claims/identityprovider`, values: ['https://sts.example.test/'] },
        {
          name: `${MICROSOFT}/claims/authnmethodsreferences`,
          values: ['http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password'],
        },
        { name: `${CLAIMS}/givenname`, values: ['Ada'] },
        { name: `${CLAIMS}/emailaddress`, values: ['ada@entra.example'] },
        { name: `${CLAIMS}/name`, values: ['ada@entra.example'] },
        { name: `${MICROSOFT}/ws/2008/06/identity/claims/groups`, values: ['mentors'] },
      ]),
    }),
    expected: {
      subjectKey: JSON.stringify([
        'entra',
        '11111111-2222-3333-4444-555555555555',
        '99999999-8888-7777-6666-555555555555',
      ]),
      email: 'ada@entra.example',
      displayName: 'Ada Example',
      role: 'mentor',
    },
  },
  {
    product: 'Entra ID with token encryption',
    written: dotNet,
    encrypts: { content: CBC_256 },
    change: () => ({
      nameId: nameId('opaque-pairwise'),
      attributes: attributes([{ name: `${CLAIMS}/emailaddress`, values: ['ada@entra.example'] }]),
    }),
    expected: { email: 'ada@entra.example', groups: [] },
  },
  {
    product: 'Shibboleth',
    signs: 'both',
    written: prefixed('saml2p', 'saml2'),
    encrypts: { content: GCM_128, keyOutside: false },
    settings: {
      idpScopes: ['uni.example'],
      groupAttribute: 'eduPersonScopedAffiliation',
      groupRoles: [{ group: 'staff@uni.example', role: 'mentor' }],
    },
    change: (_parts, { idpEntityId, spEntityId }) => ({
      nameId: nameId('QWERTYUIOP123', { NameQualifier: idpEntityId, SPNameQualifier: spEntityId }),
      attributes: attributes([
        {
          name: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
          friendly: 'eduPersonPrincipalName',
          format: 'uri',
          values: ['ada@uni.example'],
        },
        {
          name: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
          friendly: 'eduPersonScopedAffiliation',
          format: 'uri',
          values: ['member@uni.example', 'staff@UNI.example'.toLowerCase()],
        },
        {
          name: 'urn:oasis:names:tc:SAML:attribute:subject-id',
          friendly: 'subject-id',
          format: 'uri',
          type: 'xs:string',
          values: ['idm123@uni.example'],
        },
        {
          name: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10',
          friendly: 'eduPersonTargetedID',
          format: 'uri',
          values: [nameId('QWERTYUIOP123')],
        },
        { name: 'urn:oid:0.9.2342.19200300.100.1.3', friendly: 'mail', format: 'uri', values: ['ada@uni.example'] },
        { name: 'urn:oid:2.5.4.42', friendly: 'givenName', format: 'uri', values: ['Ada'] },
        { name: 'urn:oid:2.5.4.4', friendly: 'sn', format: 'uri', values: ['Example'] },
      ]),
    }),
    expected: {
      email: 'ada@uni.example',
      displayName: 'Ada Example',
      groups: ['member@uni.example', 'staff@uni.example'],
      role: 'mentor',
    },
  },
  {
    product: 'Shibboleth with the key next to the content',
    encrypts: { keyOutside: true, recipient: 'https://vouchsafe.example.test/metadata' },
    change: () => ({}),
    expected: { email: 'ada@example.test' },
  },
  {
    product: 'Google',
    written: prefixed('saml2p', 'saml2'),
    change: (parts) => ({
      nameId: nameId('ada@google.example', { Format: EMAIL_FORMAT }),
      confirmations: parts.confirmations.replace(
        'SubjectConfirmationData ',
        'SubjectConfirmationData Address="192.0.2.1" ',
      ),
      attributes: attributes([
        { name: 'first', values: ['Ada'] },
        { name: 'groups', type: 'xs:anyType', values: ['mentors'] },
      ]),
    }),
    expected: { email: 'ada@google.example', displayName: undefined, groups: ['mentors'] },
  },
  {
    product: 'AD FS',
    written: dotNet,
    signs: 'assertion',
    encrypts: { content: CBC_256 },
    change: () => ({
      nameId: nameId('ada', { Format: undefined }),
      authn:
        `<saml:AuthnStatement AuthnInstant="${instant(-60)}" SessionIndex="_adfs"><saml:AuthnContext>` +
        '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport' +
        '</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>',
      attributes: attributes([
        { name: `${CLAIMS}/emailaddress`, values: ['ada@adfs.example'] },
        { name: `${CLAIMS}/givenname`, values: ['Ada'] },
        { name: `${CLAIMS}/surname`, values: ['Example'] },
        { name: 'http://schemas.xmlsoap.org/claims/Group', values: ['Domain Users', 'mentors'] },
      ]),
    }),
    expected: { email: 'ada@adfs.example', displayName: 'Ada Example', role: 'mentor' },
  },
  {
    product: 'SimpleSAMLphp',
    signs: 'both',
    written: (xml) => xml.replace('<samlp:Status>', '\n  <samlp:Status>'),
    encrypts: { content: GCM_128 },
    change: () => ({
      nameId: nameId('_0123456789abcdef'),
      attributes: attributes([
        { name: 'mail', format: 'basic', type: 'xs:string', values: ['ada@ssp.example'] },
        { name: 'cn', format: 'basic', type: 'xs:string', values: ['Ada Example'] },
        { name: 'eduPersonPrincipalName', format: 'basic', type: 'xs:string', values: ['ada@ssp.example'] },
        { name: 'isMemberOf', format: 'basic', type: 'xs:string', values: ['mentors'] },
      ]),
    }),
    expected: { email: 'ada@ssp.example', displayName: 'Ada Example', role: 'mentor' },
  },
  {
    product: 'Keycloak',
    signs: 'both',
    encrypts: {
      keyMethod: OAEP_11,
      hash: 'sha256',
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ' +
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><x:MGF xmlns:x="http://www.w3.org/2009/xmlenc11#" ' +
        'Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>',
    },
    change: () => ({
      nameId: nameId('ada', { Format: UNSPECIFIED }),
      attributes:
        attributes([
          {
            name: 'urn:oid:1.2.840.113549.1.9.1',
            friendly: 'email',
            format: 'uri',
            type: 'xs:string',
            values: ['ada@keycloak.example'],
          },
        ]) +
        ['mentors', 'offline_access']
          .map((role) =>
            attributes([{ name: 'Role', friendly: 'role list', format: 'basic', type: 'xs:string', values: [role] }]),
          )
          .join(''),
    }),
    expected: { email: 'ada@keycloak.example', groups: ['mentors', 'offline_access'], role: 'mentor' },
  },
  {
    product: 'a provider with attributes selected by their friendly names',
    settings: { emailAttribute: 'work mail', nameAttribute: 'full name', groupAttribute: 'teams' },
    change: () => ({
      attributes: attributes([
        { name: 'urn:x:1', friendly: 'work mail', values: ['ada@work.example'] },
        { name: 'urn:x:2', friendly: 'full name', values: [' Ada Example '] },
        { name: 'urn:x:3', friendly: 'teams', values: ['mentors'] },
        { name: 'mail', values: ['other@private.example'] },
      ]),
    }),
    expected: { email: 'ada@work.example', displayName: 'Ada Example', role: 'mentor' },
  },
  {
    product: 'a provider with a nil value',
    change: () => ({
      attributes: attributes([{ name: 'mail', values: ['ada@nil.example'] }]).replace(
        '</saml:AttributeStatement>',
        `<saml:Attribute Name="displayName"><saml:AttributeValue ${XS} xsi:nil="true"/></saml:Attribute>` +
          '</saml:AttributeStatement>',
      ),
    }),
    expected: { email: 'ada@nil.example', displayName: undefined },
  },
];

/** Returns the signed response of a shape, encrypted with the key of the service provider if the product encrypts. */
export function shaped(
  { change, signs = 'assertion', written = (xml) => xml, encrypts }: Shape,
  truth: Parts,
  connection: SamlConnection,
  key: SigningKey,
): string {
  const parts = { ...truth, ...change(truth, connection) };
  const signed = sign(written(responseXml(parts, assertionXml(parts))), parts.assertionAttrs['ID']!, key);
  const inside = encrypts === undefined ? signed : withEncrypted(signed, connection.spKeys[0]!.certificate, encrypts);
  return signs === 'both' ? sign(inside, parts.responseAttrs['ID']!, key) : inside;
}
