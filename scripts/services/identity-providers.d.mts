/** Types of the identity providers of the distribution, for the tests that start them. */

export interface IdentityProviders {
  /** The folder that has the packages' `usr` and `etc`. */
  readonly tree: string;
  readonly env: Record<string, string>;
  readonly php: readonly [command: string, args: readonly string[]];
}

export function identityProviders(): Promise<IdentityProviders>;
