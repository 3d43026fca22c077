import { SAML } from '@node-saml/passport-saml';
import { bindBrowser } from '../sso/browser-binding.js';
import { newRequest } from './library-requests.js';
import type { SsoDeparture, SsoVisitor } from '../sso/sso-departures.js';
import type { PendingRequests } from '../sso/request-store.js';
import { returnPath } from '../sso/return-path.js';
import { samlOptions, type SamlConnection } from './saml-connection.js';

/**
 * Begins a sign-in: an AuthnRequest by the redirect binding, remembered for this browser and this connection. No RelayState goes along; the
 * request's id leads back to everything that is kept.
 * @throws SamlRefused
 */
export async function beginSignIn(
  connection: SamlConnection,
  requests: PendingRequests,
  visitor: SsoVisitor & { publicUrl: string },
): Promise<SsoDeparture> {
  const returnTo = returnPath(visitor.returnTo);
  const { secret, setCookie } = bindBrowser(visitor.cookieHeader, visitor.publicUrl);
  const provider = newRequest((requestId, createdAt) =>
    requests.remember({ connectionId: connection.id, requestId, browser: secret }, { createdAt, returnTo, aim: visitor.aim }),
  );
  const url = await new SAML(samlOptions(connection, provider)).getAuthorizeUrlAsync('', undefined, {});
  return { url, setCookie };
}
