import { beforeAll, describe, expect, it } from '@jest/globals';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import {
  attributeStatement,
  newSigningKey,
  signedResponse,
  truthfulParts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { diagnosticsOf, diagnosticsOfForm } from './saml-diagnostics.js';

let key: SigningKey;
beforeAll(async () => {
  key = await newSigningKey();
});

function response(attributes: Record<string, string[]>): string {
  const parts = truthfulParts(testConnection('one', [key.certificate]), '_request');
  return signedResponse({ ...parts, attributes: attributeStatement(attributes) }, key, 'both');
}

describe('diagnosticsOf', () => {
  it('contain names and the values of groups only', () => {
    const { issuer, nameIdFormat, attributes, text } = diagnosticsOf(
      response({ mail: ['ada@example.test'], groups: ['mentors'], title: ['Chief'] }),
    );
    expect([issuer, nameIdFormat, attributes]).toEqual([
      'https://idp.example.test/metadata',
      'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      ['mail', 'groups', 'title'],
    ]);
    expect(text).toContain('<saml:AttributeValue>mentors</saml:AttributeValue>');
    expect(text).not.toMatch(/ada@example|Chief|subject-1|_session/);
    expect(text).toContain('InResponseTo="_request"');
  });

  it("show the values of the connection's group attribute only", () => {
    const { text } = diagnosticsOf(response({ groups: ['mentors'], memberOf: ['chiefs'] }), {
      groupAttribute: 'memberOf',
    });
    expect(text).toContain('chiefs');
    expect(text).not.toContain('mentors');
  });

  it('contain no signature and no key', () => {
    const { text } = diagnosticsOf(response({ groups: ['mentors'] }));
    expect(text).not.toMatch(/SignatureValue|DigestValue|X509Certificate|SignedInfo/);
    expect(text!.match(/<!-- Signature omitted -->/g)).toHaveLength(2);
  });

  it('contain no markup from the response', () => {
    const { text } = diagnosticsOf(response({ groups: ['&lt;script&gt;'] }));
    expect(text).not.toContain('<script');
  });

  it.each([
    undefined,
    null,
    'text',
    {},
    { SAMLResponse: 5 },
    { SAMLResponse: 'AAAA' },
    { SAMLResponse: Buffer.from('<!DOCTYPE x []><x/>').toString('base64') },
  ])('are empty for another body (%j)', (body) => {
    expect(diagnosticsOfForm(body, {})).toEqual({ attributes: [] });
  });
});
