import { Problem } from '../../../platform/problem/index.js';
import { SsoError } from '../sso-messages/index.js';

const START_AGAIN =
  'Start again at the sign-in page. A sign-in works once, in the browser that started it, and for ten minutes: do ' +
  'not use the back button, a bookmark, or an old link. If the sign-in fails again, send the request id of this ' +
  'response to your administrator.';

/** The provider's own answer. It is not a result of a check, so it tells an attacker nothing. */
const PROVIDER_REFUSED =
  'The identity provider did not sign you in: it denied access, or the sign-in was canceled there. Your ' +
  'administrator can give you access to this application at the identity provider. Then start again at the ' +
  'sign-in page.';

/** The user proved an identity to the provider, and the organization does not accept it. */
const NOT_ADMITTED =
  'The identity provider signed you in, but you have no access to this organization. Ask your administrator for ' +
  'access, and send the request id of this response.';

/** Returns the problem of a user whom the provider authenticated, and who cannot enter the organization. */
export function notAdmitted(): Problem {
  return new Problem('sso_failed', { detail: NOT_ADMITTED });
}

/**
 * Returns the problem that the user sees. It is the same for every forgery, so that an attacker learns nothing. The
 * reason is the cause of the problem: it goes to the log and to the audit log.
 */
export function problemOf(error: SsoError): Problem {
  switch (error.reason) {
    case 'connection_unknown':
    case 'logout_not_offered':
      return new Problem('not_found', { cause: error });
    case 'connection_draft':
      return new Problem('sso_connection_draft', { cause: error });
    case 'unavailable':
      return new Problem('unavailable', { cause: error });
    case 'provider_unreachable':
    case 'provider_metadata_invalid':
    case 'provider_issuer_mismatch':
    case 'provider_unsupported':
    case 'provider_keys_invalid':
      return new Problem('provider_unreachable', { cause: error });
    case 'server_busy':
      return new Problem('server_busy', { cause: error, headers: { 'Retry-After': '2' } });
    case 'too_large':
      return new Problem('payload_too_large', { cause: error });
    case 'provider_access_denied':
    case 'provider_interaction_required':
    case 'provider_error':
    case 'status_not_success':
      return new Problem('sso_failed', { cause: error, detail: PROVIDER_REFUSED });
    default:
      return new Problem('sso_failed', { cause: error, detail: START_AGAIN });
  }
}

/** Returns an SSO error as it is, and wraps any other error with the reason `unexpected`. */
export function toSsoError(error: unknown): SsoError {
  return error instanceof SsoError ? error : new SsoError('unexpected', undefined, { cause: error });
}

/** Runs a step and converts its SSO errors to problems. */
export async function asProblems<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof SsoError ? problemOf(error) : error;
  }
}
