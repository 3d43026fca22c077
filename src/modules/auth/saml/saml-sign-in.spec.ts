import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlDoor, testConnection, type Departed } from '../../../../test/harness/saml-sign-in.js';
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

describe('a truthful response signs in', () => {
  let key: SigningKey;
  let connection: SamlConnection;

  beforeAll(async () => {
    key = await newSigningKey();
    connection = testConnection('one', [key.certificate]);
  });

  /** Goes out and comes back with a response of these changes to the truth. */
  async function signIn(
    change: (departed: Departed) => Partial<Parts> = () => ({}),
    finish: (parts: Parts) => string = (parts) => signedResponse(parts, key),
    to: SamlConnection = connection,
  ): Promise<VerifiedIdentity> {
    const door = new SamlDoor(to);
    const departed = await door.depart(to, '/people?sort=name');
    const parts = { ...truthfulParts(to, departed.requestId), ...change(departed) };
    return door.arrive(departed, { xml: finish(parts) });
  }

  it('says who came, for which organization, and where they wanted to go', async () => {
    expect(await signIn()).toEqual({
      idpSubject: expect.stringContaining('subject-1'),
      signedInAt: expect.any(Number),
      connection: { id: 'one', orgId: 'org-of-one' },
      returnTo: '/people?sort=name',
      sessionEnds: undefined,
      idpSession: '_session',
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
    const arrival = await signIn(undefined, (parts) => signedResponse(parts, key, 'both'), strict);
    expect(arrival.identity.email).toBe('ada@example.test');
  });

  it('with both signed where only the assertion needs to be', async () => {
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

  it('with either certificate while one replaces the other', async () => {
    const next = await newSigningKey();
    const rolling = testConnection('one', [key.certificate, next.certificate]);
    expect(await signIn(undefined, (parts) => signedResponse(parts, key), rolling)).toBeDefined();
    expect(await signIn(undefined, (parts) => signedResponse(parts, next), rolling)).toBeDefined();
  });

  it('with an XML declaration, line breaks between elements and wrapped base64', async () => {
    const door = new SamlDoor(connection);
    const departed = await door.depart(connection);
    const parts = truthfulParts(connection, departed.requestId);
    const spaced = { ...parts, status: `\r\n  ${parts.status}\n`, authn: `\n\t${parts.authn}\n` };
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${signedResponse(spaced, key)}\n`;
    const wrapped = Buffer.from(xml)
      .toString('base64')
      .match(/.{1,76}/g)!
      .join('\r\n');
    expect(await door.arrive(departed, { body: { SAMLResponse: wrapped } })).toBeDefined();
  });

  it('whatever prefixes the identity provider likes', async () => {
    const renamed = (parts: Parts): string => {
      const plain = responseXml(parts, assertionXml(parts));
      const other = plain.replaceAll('saml:', 'a:').replaceAll('xmlns:saml=', 'xmlns:a=').replaceAll('samlp', 'b2');
      return sign(other, parts.assertionAttrs['ID']!, key);
    };
    expect(await signIn(undefined, renamed)).toBeDefined();
  });

  it('with clocks that differ within the allowance', async () => {
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
    const arrival = await signIn(({ requestId }) => ({
      responseAttrs: { ID: '_r', Version: '2.0', IssueInstant: instant(-5), InResponseTo: requestId },
    }));
    expect(arrival).toBeDefined();
  });

  it('by the bearer confirmation that holds, when there are several', async () => {
    const arrival = await signIn(({ requestId }) => ({
      confirmations:
        confirmation({}, 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches') +
        confirmation({
          Recipient: 'https://elsewhere.example.test/acs',
          InResponseTo: requestId,
          NotOnOrAfter: instant(300),
        }) +
        confirmation({ Recipient: connection.acsUrl, InResponseTo: requestId, NotOnOrAfter: instant(300) }),
    }));
    expect(arrival).toBeDefined();
  });

  it('and ends no later than the identity provider says', async () => {
    const ends = instant(3600);
    const arrival = await signIn(() => ({ authn: authnStatement({ SessionNotOnOrAfter: ends }) }));
    expect(arrival.sessionEnds).toBe(Date.parse(ends));
  });

  it('as the NameID says, whatever an attribute called nameID says', async () => {
    const arrival = await signIn(() => ({
      nameId: nameId('real'),
      attributes: attributeStatement({
        nameID: ['forged'],
        issuer: ['forged'],
        getAssertionXml: ['forged'],
        __proto__x: ['y'],
      }),
    }));
    expect(arrival.identity.subjectKey).toContain('"real"');
    expect(JSON.stringify(arrival)).not.toContain('forged');
  });

  it('as the tenant and object of Entra ID, where the connection asks for that', async () => {
    const entra = testConnection('one', [key.certificate], { subject: 'entra-object' });
    const claims = 'http://schemas.microsoft.com/identity/claims';
    const arrival = await signIn(
      () => ({
        attributes: attributeStatement({ [`${claims}/tenantid`]: ['t-1'], [`${claims}/objectidentifier`]: ['o-1'] }),
      }),
      undefined,
      entra,
    );
    expect(arrival.identity.subjectKey).toBe(JSON.stringify(['entra', 't-1', 'o-1']));
  });
});
