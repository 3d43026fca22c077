import { ensurer, type Ensure } from '../../../platform/problem/ensure.js';
/**
 * The reasons for a failed SSO sign-in that all protocols share. They are stable, like the reasons of each protocol:
 * audit events and support texts use them.
 */
export type CommonErrorCode =
  | 'browser_binding_missing'
  | 'request_unknown'
  | 'too_large'
  | 'connection_unknown'
  | 'connection_draft'
  | 'email_invalid'
  | 'groups_truncated'
  | 'subject_attributes_missing'
  | 'unavailable'
  | 'server_busy'
  | 'unexpected';

/** A rejected sign-in. `detail` is for the administrator of the organization and is never shown to the user. */
export class SsoError<Reason extends string = string> extends Error {
  override readonly name: string = 'SsoError';

  constructor(
    readonly reason: Reason,
    readonly detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail ? `${reason}: ${detail}` : reason, options);
  }
}

/** Throws an SsoError with `reason` unless the condition holds. */
export const ensure: Ensure<[reason: CommonErrorCode, detail?: string]> = ensurer(
  (reason, detail) => new SsoError(reason, detail),
);
