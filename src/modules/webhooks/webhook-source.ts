/** The signature schemes that a source can have. */
export const SCHEMES = ['standard', 'stripe', 'github', 'slack', 'hmac'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** The schemes that the application can verify. */
export const OFFERED_SCHEMES: readonly Scheme[] = ['standard'];

/** The default limit of deliveries per minute, source and process. */
export const DEFAULT_LIMIT_PER_MINUTE = 60_000;

/** How long earlier secrets stay valid after a rotation. */
export const DEFAULT_OVERLAP_SECONDS = 3_600;
