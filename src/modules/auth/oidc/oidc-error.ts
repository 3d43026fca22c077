import { ensurer, type Ensure } from '../../../platform/problem/index.js';
import { type CommonErrorCode, SsoError } from '../sso/index.js';

/**
 * The reasons for a rejected sign-in or logout through OpenID Connect. They are stable: audit events and support texts
 * use them.
 */
export type OidcErrorCode =
  // the documents of the provider
  | 'provider_unreachable'
  | 'provider_metadata_invalid'
  | 'provider_issuer_mismatch'
  | 'provider_unsupported'
  | 'provider_keys_invalid'
  // the callback parameters
  | 'parameter_missing'
  | 'parameter_unexpected'
  | 'code_too_large'
  | 'response_issuer_missing'
  | 'response_issuer_mismatch'
  | 'provider_access_denied'
  | 'provider_interaction_required'
  | 'provider_error'
  // the token endpoint
  | 'code_rejected'
  | 'client_rejected'
  | 'token_response_invalid'
  | 'token_missing'
  // the token
  | 'token_malformed'
  | 'token_too_large'
  | 'token_encrypted'
  | 'token_type_mismatch'
  | 'algorithm_not_allowed'
  | 'header_unsupported'
  | 'key_unknown'
  | 'key_ambiguous'
  | 'signature_invalid'
  | 'issuer_mismatch'
  | 'tenant_not_allowed'
  | 'b2c_policy_mismatch'
  | 'audience_mismatch'
  | 'authorized_party_mismatch'
  | 'time_malformed'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_too_old'
  | 'issued_in_future'
  | 'nonce_mismatch'
  | 'subject_missing'
  | 'access_token_hash_mismatch'
  | 'authentication_too_old'
  // the identity of the user
  | 'hosted_domain_mismatch'
  | 'userinfo_rejected'
  | 'userinfo_subject_mismatch'
  // logout
  | 'logout_event_missing'
  | 'logout_nonce_present'
  | 'logout_session_missing'
  | 'logout_token_replayed'
  | CommonErrorCode;

/** A rejected message or document of an OpenID provider. */
export class OidcError extends SsoError<OidcErrorCode> {
  override readonly name = 'OidcError';
}

/** Throws an OidcError with `reason` unless the condition holds. */
export const ensure: Ensure<[reason: OidcErrorCode, detail?: string]> = ensurer(
  (reason, detail) => new OidcError(reason, detail),
);
