/**
 * The reason why an outbound request failed. The codes are stable: settings show them and the audit log contains them.
 */
export type OutboundErrorCode =
  | 'url_invalid'
  | 'address_forbidden'
  | 'name_unknown'
  | 'redirected'
  | 'status_unexpected'
  | 'too_large'
  | 'encoding_unexpected'
  | 'timed_out'
  | 'unreachable';

/** Thrown when a request was not sent or its response was not accepted. It reveals nothing about the target. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';

  constructor(
    readonly reason: OutboundErrorCode,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
