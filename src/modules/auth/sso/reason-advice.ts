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
    'A member has this address, and the provider is not yet linked to the account. The user can link it on the page ' +
    'that opens after the sign-in. Without a question, it is linked if the organization has verified the domain, the ' +
    'address is verified, and the role does not lose permissions. A move links the users of a replaced provider.',
  account_unknown: 'The user is not a member, and the connection does not add members. Invite the user first.',
  subject_attributes_missing:
    'The connection identifies users by tenant id and object id, but the response has none. Set subject to its ' +
    'default, or send these claims.',
  name_id_transient: 'The NameID changes at every sign-in. Set the NameID format of the application to persistent.',
  last_owner: 'The role of the provider would leave the organization without an owner. Add another owner first.',
  connection_not_shared: 'Set shared to true, or sign in to the organization of the connection.',
  no_membership_in_target: 'The user is not a member of the other organization. Invite the user there.',
  not_trusted_by_target: 'The other organization must set institutionSignIn.',
  connection_rejected: 'Enable the connection, and allow its protocol in allowedSignIn of the organization.',
  scope_unknown: 'The attribute has a scope, and the connection allows none. Set idpScopes.',
  scope_mismatch: 'The scope of the attribute is not in idpScopes. Add it if the provider may use it.',
  authentication_stale: 'The provider did not authenticate the user again. Allow that there, or unset forceAuthn.',
  authentication_too_old: 'The provider did not authenticate the user again. Allow that there, or unset forceAuthn.',
  // OpenID Connect
  provider_metadata_invalid: 'The discovery document is not valid. Check the issuer.',
  provider_keys_invalid: 'The key set of the provider cannot be used. It must contain a public signing key.',
  provider_interaction_required: 'The provider needs the user. Let the user sign in there, or give consent there.',
  token_expired: 'Check the clock of the provider, or set clockSkewSeconds.',
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
  id_encrypted: 'Switch off the encryption of the NameID. Encrypt the assertion instead.',
  attribute_encrypted: 'Switch off the encryption of attributes. Encrypt the assertion instead.',
  assertion_expired: 'Check the clock of the provider, or set clockSkewSeconds.',
  assertion_not_yet_valid: 'Check the clock of the provider, or set clockSkewSeconds.',
  issued_in_future: 'Check the clock of the provider, or set clockSkewSeconds.',
  response_unsolicited: 'Start the sign-in at the application, or set idpInitiated to true.',
  status_not_success: 'The provider reported an error. Its own log contains the reason.',
};

/** Returns what an administrator changes so that the next sign-in succeeds; null when no setting removes the reason. */
export function adviceFor(reason: string | null): string | null {
  return (reason !== null && Object.hasOwn(ADVICE, reason) && ADVICE[reason]) || null;
}
