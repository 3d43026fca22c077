import type { ProviderGuide } from '../../sso/index.js';

/**
 * A guide for OpenID Connect. Its rows use these values of the connection: `{callback}`, `{postLogout}`,
 * `{backchannel}`, `{frontchannel}`, and `{login}`.
 */
export interface OidcGuide extends ProviderGuide {
  /** The form of the issuer. Angle brackets enclose the provider's own values. */
  readonly issuer: string;
  /** What a provider with these values sends. */
  readonly sends: {
    /** Whether the claims are in the ID token, or only in UserInfo. */
    readonly claimsIn: 'id-token' | 'userinfo';
    /** Whether the provider states `email_verified`. A provider that states false must be corrected there. */
    readonly emailVerified: boolean;
    /** Whether the provider can send groups. */
    readonly groups?: false;
    readonly authentication: 'client_secret_basic' | 'client_secret_post';
  };
}

/** The steps that follow at each provider. */
export function stepsFor(issuer: string, ...more: string[]): string[] {
  return [`issuer: ${issuer}`, 'clientId and clientSecret: the values that the provider shows', ...more];
}
