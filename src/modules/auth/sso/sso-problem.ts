import { Problem } from '../../../platform/problem/index.js';
import { SsoError } from '../sso-messages/index.js';

const START_AGAIN =
  'Start again at the sign-in page. If the sign-in fails again, send the request id of this response to your ' +
  'administrator.';

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
