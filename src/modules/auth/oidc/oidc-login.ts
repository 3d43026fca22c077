import { randomBytes } from 'node:crypto';
import { calculatePKCECodeChallenge } from 'oauth4webapi';
import { bindBrowser, returnPath } from '../sessions/index.js';
import type { PendingRequest, PendingRequests, SsoLoginRedirect, SsoLoginRequest } from '../sso/index.js';
import { relyingPartyUrls, type OidcConnection } from './oidc-connection.js';
import type { ProviderMetadata } from './provider-metadata.js';

/** A pending sign-in, with the values that its response must match. The request id is the state. */
export interface PendingOidcRequest extends PendingRequest {
  readonly nonce: string;
  readonly verifier: string;
  readonly forceAuthn: boolean;
}

/** The parameters of a sign-in at an OpenID provider. */
export interface OidcLoginRequest extends SsoLoginRequest {
  readonly loginHint?: string;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Starts a sign-in: stores an authorization request of the code flow with PKCE (RFC 7636) for this browser and
 * connection, and returns the redirect.
 * @throws SsoError
 */
export async function beginSignIn(
  connection: OidcConnection,
  metadata: ProviderMetadata,
  requests: PendingRequests,
  login: OidcLoginRequest,
  origin: string,
  now: Date,
): Promise<SsoLoginRedirect> {
  const returnTo = returnPath(login.returnTo);
  const { secret, setCookie } = bindBrowser(login.cookieHeader, origin);
  const [state, nonce, verifier] = [random(), random(), random()];
  const forceAuthn = connection.forceAuthn || (login.forceAuthn ?? false);
  await requests.remember<PendingOidcRequest>(
    { connectionId: connection.id, requestId: state, browser: secret },
    { createdAt: now.toISOString(), returnTo, nonce, verifier, forceAuthn, intent: login.intent },
  );
  const url = new URL(metadata.authorization_endpoint);
  const parameters = {
    client_id: connection.clientId,
    redirect_uri: relyingPartyUrls(origin, connection.id).callbackUrl,
    response_type: 'code',
    scope: ['openid', 'email', 'profile', ...connection.scopes].join(' '),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...((forceAuthn || login.askAgain) && { prompt: 'login' }),
    ...(forceAuthn && { max_age: '0' }),
    ...(login.loginHint !== undefined && { login_hint: login.loginHint }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url: url.href, setCookie, browser: secret };
}
