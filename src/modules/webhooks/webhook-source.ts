/** The ways of signing that a source may be set up for. */
export const SCHEMES = ['standard', 'stripe', 'github', 'slack', 'hmac'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Those of them that deliveries can be verified by. */
export const OFFERED_SCHEMES: readonly Scheme[] = ['standard'];

/** Deliveries a minute that one process takes of a source, unless it is set up with another number. */
export const DEFAULT_LIMIT_PER_MINUTE = 60_000;

/** For how long the secrets before a new one stay valid. */
export const DEFAULT_OVERLAP_SECONDS = 3_600;
