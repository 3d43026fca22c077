import { Problem } from '../../../platform/problem/index.js';
import { SsoRefused } from './sso-refusal.js';

const AGAIN =
  'Begin again at the sign-in page. If it happens again, give your administrator the request id of this answer.';

/**
 * What the visitor is told: the same for every forgery, so that trying teaches nothing. The reason goes to the log and
 * to the
 * audit trail, as the problem's cause.
 */
export function problemOf(refusal: SsoRefused): Problem {
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
      return new Problem('sso_refused', { cause: refusal, detail: AGAIN });
  }
}

/** An error on a message's way as a refusal: one that nobody foresaw was still no sign-in. */
export function refusalOf(error: unknown): SsoRefused {
  return error instanceof SsoRefused ? error : new SsoRefused('unexpected', undefined, { cause: error });
}

/** Runs a step; its refusals leave as problems. */
export async function asProblems<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof SsoRefused ? problemOf(error) : error;
  }
}
