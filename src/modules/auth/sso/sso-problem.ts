import { Problem } from '../../../platform/problem/index.js';
import { SsoError } from './sso-error.js';

const AGAIN =
  'Begin again at the sign-in page. If it happens again, give your administrator the request id of this answer.';

/**
 * What the visitor is told: the same for every forgery, so that trying teaches nothing. The reason goes to the log and
 * to the
 * audit trail, as the problem's cause.
 */
export function problemOf(refusal: SsoError): Problem {
  switch (refusal.reason) {
    case 'connection_unknown':
    case 'logout_not_offered':
      return new Problem('not_found', { cause: refusal });
    case 'unavailable':
    case 'provider_unreachable':
      return new Problem('unavailable', { cause: refusal });
    case 'too_large':
      return new Problem('payload_too_large', { cause: refusal });
    default:
      return new Problem('sso_failed', { cause: refusal, detail: AGAIN });
  }
}

/** Returns an SSO error as it is, and wraps any other error with the reason `unexpected`. */
export function toSsoError(error: unknown): SsoError {
  return error instanceof SsoError ? error : new SsoError('unexpected', undefined, { cause: error });
}

/** Runs a step; its refusals leave as problems. */
export async function asProblems<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof SsoError ? problemOf(error) : error;
  }
}
