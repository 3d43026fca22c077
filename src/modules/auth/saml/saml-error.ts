import { ensurer, type Ensure } from '../../../platform/problem/ensure.js';
import { type CommonErrorCode, SsoError } from '../sso-messages/index.js';

/**
 * The reasons for a rejected message, request, or metadata file. They are stable: audit events and support texts use
 * them.
 */
export type SamlErrorCode =
  // the form fields
  | 'parameter_missing'
  | 'parameter_duplicated'
  | 'parameter_unexpected'
  | 'not_base64'
  | 'not_utf8'
  | 'not_deflated'
  // the document
  | 'xml_malformed'
  | 'xml_encoding'
  | 'xml_doctype'
  | 'xml_comment'
  | 'xml_instruction'
  | 'xml_cdata'
  | 'xml_too_deep'
  | 'xml_too_many_nodes'
  // the structure of the response
  | 'not_a_response'
  | 'version_unsupported'
  | 'element_unexpected'
  | 'status_missing'
  | 'status_not_success'
  | 'assertion_missing'
  | 'assertion_not_single'
  | 'id_encrypted'
  | 'attribute_encrypted'
  | 'id_missing'
  | 'id_duplicated'
  // the signature
  | 'response_unsigned'
  | 'assertion_unsigned'
  | 'signature_misplaced'
  | 'signature_malformed'
  | 'signature_algorithm'
  | 'digest_algorithm'
  | 'canonicalization_algorithm'
  | 'transform'
  | 'signature_reference'
  | 'signature_invalid'
  | 'key_info_unexpected'
  // the encryption
  | 'assertion_not_encrypted'
  | 'encryption_malformed'
  | 'encryption_algorithm'
  | 'decryption_failed'
  // the request
  | 'response_unsolicited'
  // the content of the assertion
  | 'time_malformed'
  | 'issuer_mismatch'
  | 'destination_mismatch'
  | 'in_response_to_mismatch'
  | 'subject_missing'
  | 'name_id_missing'
  | 'name_id_transient'
  | 'confirmation_missing'
  | 'confirmation_recipient_mismatch'
  | 'confirmation_expired'
  | 'confirmation_not_yet_valid'
  | 'conditions_missing'
  | 'conditions_without_end'
  | 'condition_unknown'
  | 'audience_mismatch'
  | 'assertion_expired'
  | 'assertion_not_yet_valid'
  | 'assertion_too_old'
  | 'issued_in_future'
  | 'authentication_missing'
  | 'authentication_stale'
  | 'session_expired'
  | 'assertion_replayed'
  // rejected by the library only
  | 'library_rejected'
  // the verification did not end
  | 'verification_timeout'
  | 'verification_ended'
  // the user that it names
  | 'scope_mismatch'
  | 'scope_unknown'
  | 'email_multiple'
  // logout messages
  | 'not_a_logout_message'
  | 'message_unsigned'
  | 'message_expired'
  | 'message_replayed'
  | 'logout_not_offered'
  | 'logout_unknown'
  // the connection and its metadata
  | 'metadata_not_idp'
  | 'metadata_ambiguous'
  | 'metadata_entity_unknown'
  | 'metadata_expired'
  | 'metadata_endpoint'
  | 'metadata_certificate'
  | CommonErrorCode;

/** A rejected sign-in, logout, or metadata file. */
export class SamlError extends SsoError<SamlErrorCode> {
  override readonly name = 'SamlError';
}

/** Throws a SamlError with `reason` unless the condition holds. */
export const ensure: Ensure<[reason: SamlErrorCode, detail?: string]> = ensurer(
  (reason, detail) => new SamlError(reason, detail),
);
