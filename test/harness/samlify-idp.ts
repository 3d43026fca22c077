import { createRequire } from 'node:module';
import type { Request } from 'express';
import type { ESamlHttpRequest } from 'samlify/types/src/entity.js';
import type * as Samlify from 'samlify';
import { RealProvider } from './real-idp.js';
import { authnStatement, attributeStatement, instant } from './saml-idp.js';

const samlify = createRequire(import.meta.url)('samlify') as typeof Samlify;
samlify.setSchemaValidator({ validate: () => Promise.resolve('not validated') });

const NAME = 'samlify-person-1';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const ATTRIBUTES = attributeStatement({
  'urn:oid:0.9.2342.19200300.100.1.3': ['ada@samlify.example'],
  'urn:oid:2.16.840.1.113730.3.1.241': ['Ada Samlify'],
  groups: ['staff'],
});

/** The identity provider of the `samlify` package. */
export class SamlifyProvider extends RealProvider {
  /** The time of the user's last authentication, in seconds from now. A request with ForceAuthn sets it to now. */
  authenticated = -5;
  /** Whether the provider ignores ForceAuthn. */
  deaf = false;
  logoutAnswers = 0;

  protected override routes(): void {
    this.app.get('/sso', (request, response, next) => {
      this.signOn(request)
        .then((html) => response.send(html))
        .catch((error: Error) => response.status(400).send(error.message))
        .catch(next);
    });
    this.app.get('/logout', (request, response) => {
      this.signOff(request)
        .then((url) => (url === null ? response.send('signed out') : response.redirect(url)))
        .catch((error: Error) => response.status(400).send(error.message));
    });
  }

  override logoutFromThere(): string {
    const user = { logoutNameID: NAME, sessionIndex: '_session' };
    const { context } = this.provider().createLogoutRequest(this.serviceProvider(), 'redirect', user, {
      relayState: 'a b+c',
    });
    return context;
  }

  private provider() {
    const { encrypt, wantSigned } = this.behaviour;
    return samlify.IdentityProvider({
      metadata: this.metadata([this.key.certificate]).replace(
        '<md:IDPSSODescriptor ',
        `<md:IDPSSODescriptor WantAuthnRequestsSigned="${wantSigned}" `,
      ),
      privateKey: this.key.privateKey,
      signingCert: this.key.certificate,
      isAssertionEncrypted: encrypt,
      messageSigningOrder: 'sign-then-encrypt',
      wantLogoutRequestSigned: true,
      wantLogoutResponseSigned: true,
      nameIDFormat: [PERSISTENT],
      requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      loginResponseTemplate: { context: samlify.SamlLib.defaultLoginResponseTemplate.context, attributes: [] },
    });
  }

  private serviceProvider() {
    return samlify.ServiceProvider({
      metadata: this.us.metadata,
      wantMessageSigned: this.behaviour.signResponse,
      wantLogoutRequestSigned: true,
      wantLogoutResponseSigned: true,
    });
  }

  private async signOn(request: Request): Promise<string> {
    const [provider, sp] = [this.provider(), this.serviceProvider()];
    const incoming = await provider.parseLoginRequest(sp, 'redirect', samlifyRequest(request));
    if (/ForceAuthn="true"/.test(incoming.samlContent) && !this.deaf) this.authenticated = 0;
    const { context, entityEndpoint } = (await provider.createLoginResponse(
      sp,
      { ...incoming },
      'post',
      {},
      (template: string) => this.fill(template, incoming.extract['request'] as { id: string }),
    )) as { context: string; entityEndpoint: string };
    return (
      `<form method="post" action="${entityEndpoint}"><input type="hidden" name="SAMLResponse" ` +
      `value="${context}"></form>`
    );
  }

  private fill(template: string, { id }: { id: string }): { id: string; context: string } {
    const responseId = `_${Math.random().toString(16).slice(2)}`;
    const until = instant(300);
    const values: Record<string, string> = {
      ID: responseId,
      AssertionID: `_a${responseId}`,
      Destination: this.us.acsUrl,
      Audience: this.us.entityId,
      SubjectRecipient: this.us.acsUrl,
      Issuer: this.entityId,
      IssueInstant: instant(0),
      StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      ConditionsNotBefore: instant(-5),
      ConditionsNotOnOrAfter: until,
      SubjectConfirmationDataNotOnOrAfter: until,
      NameIDFormat: PERSISTENT,
      NameID: NAME,
      InResponseTo: id,
    };
    const statements = authnStatement({ AuthnInstant: instant(this.authenticated) }) + ATTRIBUTES;
    const context = samlify.SamlLib.replaceTagsByValue(
      template.replace(/\{AuthnStatement\}|\{AttributeStatement\}/g, ''),
      values,
    );
    return { id: responseId, context: context.replace('</saml:Assertion>', `${statements}</saml:Assertion>`) };
  }

  private async signOff(request: Request): Promise<string | null> {
    const [provider, sp] = [this.provider(), this.serviceProvider()];
    if (request.query['SAMLResponse'] !== undefined) {
      await provider.parseLogoutResponse(sp, 'redirect', samlifyRequest(request));
      this.logoutAnswers += 1;
      return null;
    }
    const incoming = await provider.parseLogoutRequest(sp, 'redirect', samlifyRequest(request));
    return provider.createLogoutResponse(sp, { ...incoming }, 'redirect', { relayState: '' }).context;
  }
}

/** Returns the request in the form that samlify expects: with the signed octets. */
function samlifyRequest(request: Request): ESamlHttpRequest {
  const raw = request.originalUrl.split('?')[1] ?? '';
  return { query: request.query, octetString: raw.replace(/&Signature=.*$/, '') };
}
