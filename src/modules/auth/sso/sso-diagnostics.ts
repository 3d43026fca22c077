/**
 * What of an answer may be shown to administrators: never enough to be let in by, and no value but those that roles
 * hang on.
 */
export interface SsoDiagnostics {
  readonly issuer?: string;
  readonly nameIdFormat?: string;
  /** Names of the attributes or claims. */
  readonly attributes: readonly string[];
  /** The answer itself, masked: XML or JSON. */
  readonly text?: string;
}

/** What stands for a value that is not shown. */
export function masked(value: string): string {
  return `[${value.length} characters]`;
}

/**
 * The diagnostics of a token's claims (OpenID Connect). Values of the claims named in `shown` are kept; of all others what
 * is no text is kept by
 * its kind alone. The token itself must not be handed in.
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
