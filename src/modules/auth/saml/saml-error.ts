import { ensurer, type Ensure } from '../../../platform/problem/index.js';
import { type CommonErrorCode, SsoError } from '../sso/index.js';

/**
 * Why a message, a request or a metadata file was refused. Stable: audit rows, traces and support texts rely on these
 * words.
 */
export type SamlErrorCode =
  // the form post
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
  // the shape of the response
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
  // the encryption
  | 'assertion_not_encrypted'
  | 'encryption_malformed'
  | 'encryption_algorithm'
  | 'decryption_failed'
  // the request it answers
  | 'response_unsolicited'
  // what the assertion says
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
  // the library's judgement, where ours had no objection
  | 'library_rejected'
  // who it names
  | 'scope_mismatch'
  | 'scope_unknown'
  | 'email_multiple'
  // the end of a session
  | 'not_a_logout_message'
  | 'message_unsigned'
  | 'message_expired'
  | 'message_replayed'
  | 'logout_not_offered'
  | 'logout_unknown'
  // the connection and its metadata
  | 'metadata_not_idp'
  | 'metadata_ambiguous'
  | 'metadata_expired'
  | 'metadata_endpoint'
  | 'metadata_certificate'
  | CommonErrorCode;

/** A sign-in or a metadata file that is not accepted. */
export class SamlError extends SsoError<SamlErrorCode> {
  override readonly name = 'SamlError';
}

/** Throws SamlError for `reason` unless the condition holds. */
export const ensure: Ensure<[reason: SamlErrorCode, detail?: string]> = ensurer(
  (reason, detail) => new SamlError(reason, detail),
);
