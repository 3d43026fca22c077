/**
 * Why any sign-in through an identity provider is refused, whatever the protocol. Stable, as each protocol's own
 * reasons are.
 */
export type CommonRefusal =
  | 'browser_unbound'
  | 'request_unknown'
  | 'too_large'
  | 'connection_unknown'
  | 'email_invalid'
  | 'groups_truncated'
  | 'subject_attributes_missing'
  | 'unavailable'
  | 'unexpected';

/** A sign-in that is not accepted. `detail` is for the institution's administrator, never for the visitor. */
export class SsoRefused<Reason extends string = string> extends Error {
  override readonly name: string = 'SsoRefused';

  constructor(
    readonly reason: Reason,
    readonly detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail ? `${reason}: ${detail}` : reason, options);
  }
}

/** Refuses for `reason` unless the condition holds. */
export function must(condition: boolean, reason: CommonRefusal, detail?: string): asserts condition {
  if (!condition) throw new SsoRefused(reason, detail);
}
