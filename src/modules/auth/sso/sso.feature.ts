import { defineFeature } from '../../../platform/feature/define-feature.js';

export const ssoFeature = defineFeature({
  name: 'sso',
  description: 'Single sign-on through an institution\'s identity provider (SAML 2.0), one connection each.',
  permissions: {
    'sso:read': { category: 'Single sign-on', description: 'See connections to identity providers.', scopes: { org: ['program_director', 'owner', 'admin'] } },
    'sso:create': { category: 'Single sign-on', description: 'Connect an identity provider.', scopes: { org: ['program_director', 'owner', 'admin'] } },
    'sso:update': { category: 'Single sign-on', description: 'Change a connection.', scopes: { org: ['program_director', 'owner', 'admin'] } },
    'sso:delete': { category: 'Single sign-on', description: 'Remove a connection; nobody signs in through it any more.', scopes: { org: ['program_director', 'owner', 'admin'] } },
  },
  events: {
    'sso.connection_created': { category: 'single sign-on', severity: 'notice', description: 'An identity provider was connected.' },
    'sso.connection_updated': { category: 'single sign-on', severity: 'notice', description: 'A connection was changed.', meta: { fields: 'codes' } },
    'sso.connection_deleted': { category: 'single sign-on', severity: 'notice', description: 'A connection was removed.' },
    'sso.key_introduced': { category: 'single sign-on', severity: 'notice', description: 'A connection got a new key of ours; its metadata shows it.' },
    'sso.key_switched': { category: 'single sign-on', severity: 'notice', description: 'A connection\'s new key is in use, and the old one is gone.' },
    'sso.sessions_ended': { category: 'single sign-on', severity: 'info', description: 'An identity provider said that sessions are over, and they ended.', meta: { count: 'count' } },
    'sso.logout_refused': { category: 'single sign-on', severity: 'warning', description: 'A message to end sessions was refused.', meta: { reason: 'code' } },
    'sso.member_provisioned': { category: 'single sign-on', severity: 'notice', description: 'A member was added at the first sign-in.', meta: { role: 'code', connectionId: 'id' } },
    'sso.role_taken_over': { category: 'single sign-on', severity: 'notice', description: 'A member\'s role followed the identity provider\'s groups.', meta: { from: 'code', to: 'code' } },
  },
  errors: {
    no_new_key: { status: 409, title: 'There is no new key to switch to' },
    metadata_refused: { status: 400, title: 'The identity provider\'s metadata cannot be used' },
  },
  personalData: {
    sso_connections: {
      entrance_enc: { class: 'internal', erasure: 'delete' },
      sp_key_enc: { class: 'internal', erasure: 'delete' },
      oidc_client_secret_enc: { class: 'internal', erasure: 'delete' },
      name: { class: 'internal', erasure: 'keep' },
      email_attribute: { class: 'internal', erasure: 'keep' },
      name_attribute: { class: 'internal', erasure: 'keep' },
    },
    sso_identities: { subject_key: { class: 'PII', erasure: 'delete' } },
  },
  tables: {
    sso_connections: { kind: 'tenant', resource: 'sso-connection', rows: { select: 'sso:read', insert: 'sso:create', update: 'sso:update', delete: 'sso:delete' }, retention: { keep: 'a setting of the organization' } },
    sso_domains: { kind: 'tenant', resource: 'sso-domain', rows: { select: 'sso:read', insert: 'sso:create', delete: 'sso:delete' }, retention: { keep: 'a setting of the organization' } },
    sso_identities: { kind: 'tenant', rows: { select: 'sso:read', delete: 'sso:delete' }, retention: { keep: 'lives as long as the connection it belongs to' } },
  },
  controls: {
    'sso.saml': { claims: ['M14', 'S3'], description: 'SAML responses are guarded, verified, and checked on the signed bytes; replays and foreign responses are refused.' },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sso: typeof ssoFeature;
  }
}
