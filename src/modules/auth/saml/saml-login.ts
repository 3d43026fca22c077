import type { PendingRequests, SsoLoginRedirect, SsoLoginRequest } from '../sso/index.js';
import { bindBrowser, returnPath } from '../sessions/index.js';
import { messageXml, sendOut } from './outgoing.js';
import { signingKey, type SamlConnection } from './saml-connection.js';
import { BINDING_POST } from './saml-names.js';
import type { OutgoingForms } from './saml-stores.js';

/** Who asks to sign in, and how. */
export interface SamlLoginRequest extends SsoLoginRequest {
  readonly publicUrl: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A request to sign in (saml-core-2.0-os, section 3.4.1). What kind of name comes back is left to the provider. */
function authnRequest(connection: SamlConnection, { forceAuthn, now }: SamlLoginRequest): { id: string; xml: string } {
  return messageXml({
    kind: 'AuthnRequest',
    issuer: connection.spEntityId,
    destination: connection.idpSsoUrl,
    now,
    attributes: {
      ProtocolBinding: BINDING_POST,
      AssertionConsumerServiceURL: connection.acsUrl,
      ForceAuthn: forceAuthn ? 'true' : undefined,
    },
    inside: '<samlp:NameIDPolicy AllowCreate="true"/>',
  });
}

/**
 * Begins a sign-in: an AuthnRequest, remembered for this browser and this connection. No RelayState goes along; the
 * request's id leads back to everything that is kept.
 * @throws SamlError return_path_invalid, unavailable
 */
export async function beginSignIn(
  connection: SamlConnection,
  requests: PendingRequests,
  forms: OutgoingForms,
  asked: SamlLoginRequest,
): Promise<SsoLoginRedirect> {
  const visitor = { ...asked, forceAuthn: asked.forceAuthn === true || connection.forceAuthn };
  const returnTo = returnPath(visitor.returnTo);
  const { secret: browser, setCookie } = bindBrowser(visitor.cookieHeader, visitor.publicUrl);
  const request = authnRequest(connection, visitor);
  await requests.remember(
    { connectionId: connection.id, requestId: request.id, browser },
    {
      createdAt: new Date(visitor.now).toISOString(),
      returnTo,
      forceAuthn: visitor.forceAuthn,
      intent: visitor.intent,
    },
  );
  const message = {
    field: 'SAMLRequest',
    ...request,
    destination: connection.idpSsoUrl,
    binding: connection.idpSsoBinding,
  } as const;
  const key = connection.signRequests ? signingKey(connection) : undefined;
  const url = await sendOut(message, key, forms, { browser, formUrl: connection.formUrl });
  return { url, setCookie };
}
