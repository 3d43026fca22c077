/**
 * What an administrator changes, by the reason of a rejected sign-in. Reasons that only a faulty or hostile message has
 * are missing, because no setting removes them.
 */
const ADVICE: Readonly<Record<string, string>> = {
  // the user
  email_unverified:
    'The provider states that the e-mail address is not verified (email_verified or xms_edov is not true), or the ' +
    'connection accepts several Entra ID directories and the token has no statement. Verify the address of the user ' +
    'at the provider, or add the optional claims email and xms_edov to the ID token of the app registration.',
  email_missing:
    'The response has no e-mail address. Send the address in the attribute or claim of the setup guide, or set ' +
    'emailAttribute to the name that the provider uses.',
  email_invalid:
    'The e-mail address of the user at the provider is not valid. Correct it there, or set emailAttribute.',
  email_multiple: 'The attribute has several e-mail addresses. Send one, or set emailAttribute to another attribute.',
  role_missing:
    'No rule gives the user a role. Add the group of the user to groupRoles, set groupAttribute to the name that the ' +
    'provider uses, or set defaultRole.',
  groups_truncated:
    'Entra ID omitted the groups, because the user is in too many. Send only the groups assigned to the application.',
  account_exists:
    'An account with this address exists, and the organization has not verified the domain of the address. Verify ' +
    'the domain; the owner of the account must also have a verified address.',
  account_unknown: 'The user is not a member, and the connection does not add members. Invite the user first.',
  subject_attributes_missing:
    'The connection identifies users by tenant id and object id, but the response has none. Set subject to its ' +
    'default, or send these claims.',
  name_id_transient: 'The NameID changes at every sign-in. Set the NameID format of the application to persistent.',
  // OpenID Connect
  provider_unreachable: 'Check the issuer of the connection, and that its host is reachable from the internet.',
  provider_issuer_mismatch:
    'The provider states another issuer. Copy the issuer from its discovery document exactly, with or without the ' +
    'final slash.',
  provider_unsupported: 'Enable the authorization code flow and client_secret_basic or client_secret_post.',
  provider_access_denied: 'The provider denied access. Assign the user to the application there.',
  client_rejected: 'The provider rejected the client. Check clientId, and set a valid clientSecret.',
  tenant_not_allowed: 'The user belongs to a tenant that is not in tenants. Add the tenant if its users may sign in.',
  hosted_domain_mismatch: 'Add the Google Workspace domain to tenants, or verify it for the organization.',
  token_encrypted: 'Switch off the encryption of ID tokens for this client.',
  algorithm_not_allowed: 'Sign ID tokens with RS256, PS256, ES256, EdDSA, or a stronger variant.',
  // SAML
  assertion_unsigned: 'Sign the assertion at the provider, or the response unless wantAssertionSigned is set.',
  response_unsigned: 'Sign the response at the provider, or set wantResponseSigned to false.',
  key_info_unexpected: 'Send only the certificate or the name of the key with a signature.',
  assertion_not_encrypted:
    'Encrypt assertions with the certificate of the application, or set wantAssertionEncrypted to false.',
  encryption_algorithm:
    'Triple DES and RSA 1.5 are not secure. Set the provider to AES-256-GCM, or AES-256-CBC if it has no GCM, and to ' +
    'RSA-OAEP (rsa-oaep-mgf1p) for the key.',
  decryption_failed:
    'Let the provider read the metadata of the connection again. With AES-CBC, let it sign the response too.',
  conditions_without_end: 'Set NotOnOrAfter too if NotBefore is set.',
  signature_algorithm: 'Sign with RSA and SHA-256, SHA-384, or SHA-512.',
  digest_algorithm: 'Use the digest SHA-256, SHA-384, or SHA-512.',
  signature_invalid: "The connection lacks the provider's certificate. Send its current metadata.",
  audience_mismatch: 'Enter the entity id or client id of this connection as the audience at the provider.',
  destination_mismatch: 'Enter the assertion consumer service URL of this connection at the provider.',
  confirmation_recipient_mismatch: 'Enter the assertion consumer service URL of this connection as the recipient.',
  issuer_mismatch: "Set the connection to the provider's own entity id or issuer.",
  response_unsolicited: 'Start the sign-in at the application, or set idpInitiated to true.',
  status_not_success: 'The provider reported an error. Its own log contains the reason.',
};

/** Returns what an administrator changes so that the next sign-in succeeds; null when no setting removes the reason. */
export function adviceFor(reason: string | null): string | null {
  return (reason !== null && Object.hasOwn(ADVICE, reason) && ADVICE[reason]) || null;
}
