/**
 * The part of a response that administrators may see. It never suffices to sign in. It shows only those values that
 * decide roles.
 */
export interface SsoDiagnostics {
  readonly issuer?: string;
  readonly nameIdFormat?: string;
  /** Names of the attributes or claims. */
  readonly attributes: readonly string[];
  /** The masked response, as XML or JSON. */
  readonly text?: string;
}

/** Returns the placeholder for a hidden value. */
export function masked(value: string): string {
  return `[${value.length} characters]`;
}

/**
 * Returns the diagnostics of a token's claims (OpenID Connect). It keeps the values of the claims named in `shown`. It
 * masks other texts and shows only the type of other values. The caller must not pass the token itself.
 */
export function diagnosticsOfClaims(
  claims: Readonly<Record<string, unknown>>,
  shown: ReadonlySet<string>,
): SsoDiagnostics {
  const visible = new Set([...shown, 'iss', 'aud', 'exp', 'iat', 'nbf', 'auth_time']);
  const shape = (value: unknown): unknown =>
    typeof value === 'string' ? masked(value) : Array.isArray(value) ? value.map(shape) : `[${typeof value}]`;
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, visible.has(name) ? value : shape(value)])),
    null,
    2,
  );
  return {
    issuer: typeof claims['iss'] === 'string' ? claims['iss'] : undefined,
    attributes: Object.keys(claims),
    text,
  };
}
