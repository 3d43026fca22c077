import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlServiceProvider, testConnection, type StartedLogin } from '../../../../test/harness/saml-sign-in.js';
import {
  assertionXml,
  attributeStatement,
  authnStatement,
  conditions,
  confirmation,
  instant,
  nameId,
  newSigningKey,
  responseXml,
  sign,
  signedResponse,
  truthfulParts,
  type Parts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import type { SamlConnection } from './saml-connection.js';
import type { VerifiedIdentity } from '../sso/index.js';

describe('a valid response signs a user in', () => {
  let key: SigningKey;
  let connection: SamlConnection;

  beforeAll(async () => {
    key = await newSigningKey();
    connection = testConnection('one', [key.certificate]);
  });

  /** Starts a sign-in and returns a response with these changes. */
  async function signIn(
    change: (login: StartedLogin) => Partial<Parts> = () => ({}),
    finish: (parts: Parts) => string = (parts) => signedResponse(parts, key),
    to: SamlConnection = connection,
  ): Promise<VerifiedIdentity> {
    const sp = new SamlServiceProvider(to);
    const login = await sp.startLogin(to, '/people?sort=name');
    const parts = { ...truthfulParts(to, login.requestId), ...change(login) };
    return sp.receive(login, { xml: finish(parts) });
  }

  it('with the user, the organization, and the return path', async () => {
    expect(await signIn()).toEqual({
      idpSubject: expect.stringContaining('subject-1'),
      signedInAt: expect.any(Number),
      connection: { id: 'one', orgId: 'org-of-one' },
      returnTo: '/people?sort=name',
      browser: expect.any(String),
      sessionEnds: undefined,
      idpSession: '_session',
      logoutHint: expect.stringMatching(/^<saml:NameID Format="[^"]*:persistent">subject-1<\/saml:NameID>$/),
      identity: {
        subjectKey: JSON.stringify([
          'name-id',
          'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
          'https://idp.example.test/metadata',
          'https://vouchsafe.example.test/v1/sso/saml/one/metadata',
          'subject-1',
        ]),
        email: 'ada@example.test',
        displayName: 'Ada Example',
        groups: ['mentors'],
        role: 'mentor',
        claims: new Map([
          ['mail', ['ada@example.test']],
          ['displayName', ['Ada Example']],
          ['groups', ['mentors']],
        ]),
      },
      intent: undefined,
      diagnostics: expect.objectContaining({
        issuer: 'https://idp.example.test/metadata',
        attributes: ['mail', 'displayName', 'groups'],
      }),
    });
  });

  it('with the response and the assertion signed', async () => {
    const strict = testConnection('one', [key.certificate], { wantResponseSigned: true });
    const verified = await signIn(undefined, (parts) => signedResponse(parts, key, 'both'), strict);
    expect(verified.identity.email).toBe('ada@example.test');
  });

  it('with a response signature that the connection does not require', async () => {
    expect(await signIn(undefined, (parts) => signedResponse(parts, key, 'both'))).toBeDefined();
  });

  it.each([
    [
      'RSA with SHA-512',
      {
        signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
        digest: 'http://www.w3.org/2001/04/xmlenc#sha512',
      },
    ],
    ['RSA-PSS', { signature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' }],
    ['an inclusive prefix list', { inclusivePrefixes: ['xs'] }],
  ])('with %s', async (_name, choices) => {
    expect(await signIn(undefined, (parts) => signedResponse(parts, key, 'assertion', choices))).toBeDefined();
  });

  it('with either certificate during a rollover', async () => {
    const next = await newSigningKey();
    const rolling = testConnection('one', [key.certificate, next.certificate]);
    expect(await signIn(undefined, (parts) => signedResponse(parts, key), rolling)).toBeDefined();
    expect(await signIn(undefined, (parts) => signedResponse(parts, next), rolling)).toBeDefined();
  });

  it('with an XML declaration, line breaks between elements and wrapped base64', async () => {
    const sp = new SamlServiceProvider(connection);
    const login = await sp.startLogin(connection);
    const parts = truthfulParts(connection, login.requestId);
    const spaced = { ...parts, status: `\r\n  ${parts.status}\n`, authn: `\n\t${parts.authn}\n` };
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${signedResponse(spaced, key)}\n`;
    const wrapped = Buffer.from(xml)
      .toString('base64')
      .match(/.{1,76}/g)!
      .join('\r\n');
    expect(await sp.receive(login, { body: { SAMLResponse: wrapped } })).toBeDefined();
  });

  it('with any namespace prefixes', async () => {
    const renamed = (parts: Parts): string => {
      const plain = responseXml(parts, assertionXml(parts));
      const other = plain.replaceAll('saml:', 'a:').replaceAll('xmlns:saml=', 'xmlns:a=').replaceAll('samlp', 'b2');
      return sign(other, parts.assertionAttrs['ID']!, key);
    };
    expect(await signIn(undefined, renamed)).toBeDefined();
  });

  it('with two audiences, of which one is the connection', async () => {
    const verified = await signIn(() => ({
      conditions: conditions(['https://other.example.test/sp', connection.spEntityId]),
    }));
    expect(verified.identity.email).toBe('ada@example.test');
  });

  it('with a signature of the response around an unsigned assertion', async () => {
    const outer = (parts: Parts): string => sign(responseXml(parts, assertionXml(parts)), '_response', key);
    expect((await signIn(undefined, outer)).identity.email).toBe('ada@example.test');
  });

  it('with conditions without times, which the confirmation and the issue time limit', async () => {
    const open = conditions([connection.spEntityId], { NotBefore: undefined, NotOnOrAfter: undefined });
    expect(await signIn(() => ({ conditions: open }))).toBeDefined();
  });

  it('with every description of a key that providers send', async () => {
    const described = (parts: Parts): string =>
      signedResponse(parts, key).replace(
        '<ds:KeyInfo>',
        '<ds:KeyInfo><ds:KeyName>k</ds:KeyName><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>' +
          '<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue><ds:X509Data><ds:X509IssuerSerial>' +
          '<ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber>' +
          '</ds:X509IssuerSerial><ds:X509SubjectName>CN=x</ds:X509SubjectName></ds:X509Data>',
      );
    expect(await signIn(undefined, described)).toBeDefined();
  });

  it('with clocks that differ within the allowed skew', async () => {
    const late = await signIn(({ requestId }) => ({
      conditions: conditions([connection.spEntityId], { NotBefore: instant(-300), NotOnOrAfter: instant(-30) }),
      confirmations: confirmation({
        Recipient: connection.acsUrl,
        InResponseTo: requestId,
        NotOnOrAfter: instant(-30),
      }),
    }));
    const early = await signIn(() => ({
      assertionAttrs: { ID: '_early', Version: '2.0', IssueInstant: instant(30) },
      conditions: conditions([connection.spEntityId], { NotBefore: instant(30), NotOnOrAfter: instant(330) }),
    }));
    expect([late, early]).toHaveLength(2);
  });

  it('without a destination, when the response itself is unsigned', async () => {
    const verified = await signIn(({ requestId }) => ({
      responseAttrs: { ID: '_r', Version: '2.0', IssueInstant: instant(-5), InResponseTo: requestId },
    }));
    expect(verified).toBeDefined();
  });

  it('by the valid one of several confirmations', async () => {
    const verified = await signIn(({ requestId }) => ({
      confirmations:
        confirmation({}, 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches') +
        confirmation({
          Recipient: 'https://elsewhere.example.test/acs',
          InResponseTo: requestId,
          NotOnOrAfter: instant(300),
        }) +
        confirmation({ Recipient: connection.acsUrl, InResponseTo: requestId, NotOnOrAfter: instant(300) }),
    }));
    expect(verified).toBeDefined();
  });

  it('with the session end of the identity provider', async () => {
    const ends = instant(3600);
    const verified = await signIn(() => ({ authn: authnStatement({ SessionNotOnOrAfter: ends }) }));
    expect(verified.sessionEnds).toBe(Date.parse(ends));
  });

  it('by the NameID, and ignores an attribute called nameID', async () => {
    const verified = await signIn(() => ({
      nameId: nameId('real'),
      attributes: attributeStatement({
        nameID: ['forged'],
        issuer: ['forged'],
        getAssertionXml: ['forged'],
        __proto__x: ['y'],
      }),
    }));
    expect(verified.identity.subjectKey).toContain('"real"');
    expect(JSON.stringify(verified)).not.toContain('forged');
  });

  it('by the tenant and object ids of Entra ID, if the connection uses them', async () => {
    const entra = testConnection('one', [key.certificate], { subject: 'entra-object' });
    const claims = 'http://schemas.microsoft.com/identity/claims';
    const verified = await signIn(
      () => ({
        attributes: attributeStatement({ [`${claims}/tenantid`]: ['t-1'], [`${claims}/objectidentifier`]: ['o-1'] }),
      }),
      undefined,
      entra,
    );
    expect(verified.identity.subjectKey).toBe(JSON.stringify(['entra', 't-1', 'o-1']));
  });
});
