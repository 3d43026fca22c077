import type { BodyRule } from '../../../platform/http/index.js';

/** The form with a message of an identity provider (saml-bindings-2.0-os section 3.5). People can have many groups. */
export const SAML_FORM: BodyRule = { format: 'form', maxBytes: 512 * 1024 };

/** The audit events of a metadata refresh. A message with an unknown key causes one. */
export const REFRESH_EVENTS = ['sso.metadata_refreshed', 'sso.certificate_added', 'sso.certificate_removed'] as const;
