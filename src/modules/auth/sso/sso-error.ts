import { ensurer, type Ensure } from '../../../platform/problem/index.js';
/**
 * Why any sign-in through an identity provider is refused, whatever the protocol. Stable, as each protocol's own
 * reasons are.
 */
export type CommonErrorCode =
  | 'browser_binding_missing'
  | 'request_unknown'
  | 'too_large'
  | 'connection_unknown'
  | 'email_invalid'
  | 'groups_truncated'
  | 'subject_attributes_missing'
  | 'unavailable'
  | 'unexpected';

/** A sign-in that is not accepted. `detail` is for the institution's administrator, never for the visitor. */
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

/** Throws SsoError for `reason` unless the condition holds. */
export const ensure: Ensure<[reason: CommonErrorCode, detail?: string]> = ensurer(
  (reason, detail) => new SsoError(reason, detail),
);
