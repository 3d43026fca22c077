import { type CommonRefusal, SsoRefused } from '../sso/index.js';

/**
 * Why a sign-in or a logout through OpenID Connect was refused. Stable: audit rows, traces and support texts rely on
 * these words.
 */
export type OidcRefusal =
  // the provider's own documents
  | 'provider_unreachable'
  | 'provider_metadata_invalid'
  | 'provider_issuer_wrong'
  | 'provider_unsupported'
  | 'provider_keys_invalid'
  // what the browser brought back
  | 'parameter_missing'
  | 'parameter_unexpected'
  | 'code_too_large'
  | 'response_issuer_missing'
  | 'response_issuer_wrong'
  | 'provider_access_denied'
  | 'provider_interaction_required'
  | 'provider_error'
  // the token endpoint
  | 'code_refused'
  | 'client_refused'
  | 'token_response_invalid'
  | 'token_missing'
  // the token
  | 'token_malformed'
  | 'token_too_large'
  | 'token_encrypted'
  | 'token_type_wrong'
  | 'algorithm_refused'
  | 'header_unsupported'
  | 'key_unknown'
  | 'key_ambiguous'
  | 'signature_invalid'
  | 'issuer_wrong'
  | 'tenant_refused'
  | 'policy_wrong'
  | 'audience_wrong'
  | 'authorized_party_wrong'
  | 'time_malformed'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_too_old'
  | 'issued_in_future'
  | 'nonce_wrong'
  | 'subject_missing'
  | 'access_token_wrong'
  | 'authentication_too_old'
  // who it names
  | 'hosted_domain_wrong'
  | 'userinfo_refused'
  | 'userinfo_subject_wrong'
  // logout
  | 'logout_event_missing'
  | 'logout_nonce_present'
  | 'logout_session_missing'
  | 'logout_token_replayed'
  | CommonRefusal;

/** A message of a provider, or about one, that is not accepted. */
export class OidcRefused extends SsoRefused<OidcRefusal> {
  override readonly name = 'OidcRefused';
}

/** Refuses for `reason` unless the condition holds. */
export function must(condition: boolean, reason: OidcRefusal, detail?: string): asserts condition {
  if (!condition) throw new OidcRefused(reason, detail);
}
