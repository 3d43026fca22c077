import type { PendingRequests, SsoLoginRedirect, SsoLoginRequest } from '../sso/index.js';
import { bindBrowser, returnPath } from '../sessions/index.js';
import { messageXml, sendOut } from './outgoing.js';
import { signingKey, type SamlConnection } from './saml-connection.js';
import { BINDING_POST } from './saml-names.js';
import type { OutgoingForms } from './saml-stores.js';

/** The parameters of a SAML sign-in. */
export interface SamlLoginRequest extends SsoLoginRequest {
  readonly publicUrl: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Returns a sign-in request (saml-core-2.0-os, section 3.4.1). The provider chooses the format of the NameID. */
function authnRequest(
  connection: SamlConnection,
  { forceAuthn, askAgain, now }: SamlLoginRequest,
): { id: string; xml: string } {
  return messageXml({
    kind: 'AuthnRequest',
    issuer: connection.spEntityId,
    destination: connection.idpSsoUrl,
    now,
    attributes: {
      ProtocolBinding: BINDING_POST,
      AssertionConsumerServiceURL: connection.acsUrl,
      ForceAuthn: forceAuthn || askAgain ? 'true' : undefined,
    },
    inside: '<samlp:NameIDPolicy AllowCreate="true"/>',
  });
}

/**
 * Starts a sign-in: stores an AuthnRequest for this browser and connection, and returns the redirect. The request has
 * no RelayState, because its id identifies the stored request.
 * @throws Problem invalid_request for a foreign return path, SamlError unavailable
 */
export async function beginSignIn(
  connection: SamlConnection,
  requests: PendingRequests,
  forms: OutgoingForms,
  parameters: SamlLoginRequest,
): Promise<SsoLoginRedirect> {
  const login = { ...parameters, forceAuthn: parameters.forceAuthn === true || connection.forceAuthn };
  const returnTo = returnPath(login.returnTo);
  const { secret: browser, setCookie } = bindBrowser(login.cookieHeader, login.publicUrl);
  const request = authnRequest(connection, login);
  await requests.remember(
    { connectionId: connection.id, requestId: request.id, browser },
    {
      createdAt: new Date(login.now).toISOString(),
      returnTo,
      forceAuthn: login.forceAuthn,
      intent: login.intent,
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
  return { url, setCookie, browser };
}
