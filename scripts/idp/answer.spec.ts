import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlServiceProvider, testConnection } from '../../test/harness/saml-sign-in.js';
import { newSigningKey, type SigningKey } from '../../test/harness/saml-idp.js';
import { readIdpMetadata } from '../../src/modules/auth/saml/idp-metadata.js';
import type { SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import { answer, readRequest } from './answer.mjs';
import { metadata } from './metadata.mjs';
import { answerPage, choicePage } from './pages.mjs';

const USER = { email: 'ada@example.test', name: 'Ada <Example>', groups: ['gme:mentor', 'other'] };

describe('the development identity provider', () => {
  let key: SigningKey;
  let provider: { key: SigningKey; entityId: string; url: string };
  let connection: SamlConnection;

  beforeAll(async () => {
    key = await newSigningKey();
    provider = { key, entityId: 'urn:example:idp', url: 'http://127.0.0.1:7001' };
    const { entityId, ssoUrl, certificates } = await readIdpMetadata(metadata(provider), Date.now());
    connection = testConnection('one', certificates, {
      acsUrl: 'http://127.0.0.1:3000/v1/sso/saml/one/acs',
      idpEntityId: entityId,
      idpSsoUrl: ssoUrl,
      wantResponseSigned: true,
      groupRoles: [{ group: 'gme:mentor', role: 'mentor' }],
    });
  });

  it('signs users in with its own metadata', async () => {
    const serviceProvider = new SamlServiceProvider(connection);
    const login = await serviceProvider.startLogin(connection);
    const request = await readRequest(Object.fromEntries(new URL(login.url).searchParams));
    const verified = await serviceProvider.receive(login, {
      body: { SAMLResponse: await answer(provider, request, USER) },
    });
    expect(verified.identity).toMatchObject({
      email: 'ada@example.test',
      displayName: 'Ada <Example>',
      groups: ['gme:mentor', 'other'],
      role: 'mentor',
    });
  });

  it('responds to loopback addresses only', async () => {
    const elsewhere = { ...connection, acsUrl: 'https://elsewhere.example.test/acs' };
    const { url } = await new SamlServiceProvider(elsewhere).startLogin(elsewhere);
    await expect(readRequest(Object.fromEntries(new URL(url).searchParams))).rejects.toMatchObject({ status: 400 });
  });

  it('rejects an invalid request', async () => {
    for (const query of [{}, { SAMLRequest: 'abc' }, { SAMLRequest: Buffer.from('<a/>').toString('base64') }]) {
      await expect(readRequest(query)).rejects.toMatchObject({ status: 400 });
    }
  });

  it('escapes names in its pages', () => {
    const pages =
      choicePage([USER], { RelayState: '"><script>' }) +
      answerPage({ acsUrl: 'http://127.0.0.1/"', fields: {}, name: USER.name });
    expect(pages).toContain('Ada &lt;Example&gt;');
    expect(pages).not.toMatch(/"><script>|127\.0\.0\.1\/"/);
  });
});
