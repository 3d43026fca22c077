/** Why something outside was not reached. Stable: settings show these words, and the log holds them. */
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

/** A request that was not sent, or whose answer was not taken. Says nothing of what lies behind the address. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';

  constructor(
    readonly reason: OutboundErrorCode,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
