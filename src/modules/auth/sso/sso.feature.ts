import { defineFeature } from '../../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../../platform/feature/roles.js';

export const ssoFeature = defineFeature({
  name: 'sso',
  description: 'Connections to identity providers, and what every single sign-on protocol shares.',
  permissions: {
    'sso:read': {
      category: 'SSO',
      description: 'See connections to identity providers.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:create': {
      category: 'SSO',
      description: 'Connect an identity provider.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:update': {
      category: 'SSO',
      description: 'Change a connection.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:delete': {
      category: 'SSO',
      description: 'Remove a connection; nobody signs in through it any more.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'auth.break_glass_sign_in': {
      category: 'sign-in',
      severity: 'critical',
      description: 'Whoever leads came in by a sign-in of their own where single sign-on is enforced.',
      meta: { sessionId: 'id', membershipId: 'id' },
    },
    'sso.connection_created': {
      category: 'sso',
      severity: 'notice',
      description: 'An identity provider was connected.',
    },
    'sso.connection_updated': {
      category: 'sso',
      severity: 'notice',
      description: 'A connection was changed.',
      meta: { fields: 'codes' },
    },
    'sso.connection_deleted': {
      category: 'sso',
      severity: 'notice',
      description: 'A connection was removed.',
    },
    'sso.member_provisioned': {
      category: 'sso',
      severity: 'notice',
      description: 'A member was added at the first sign-in.',
      meta: { role: 'code', connectionId: 'id' },
    },
    'sso.test_started': { category: 'sso', severity: 'info', description: 'Somebody began a test sign-in.' },
    'sso.connection_tested': {
      category: 'sso',
      severity: 'notice',
      description: 'A test sign-in came back.',
      meta: { reason: 'code' },
    },
    'sso.mapping_previewed': {
      category: 'sso',
      severity: 'info',
      description: 'Somebody looked at what a mapping of roles would do.',
    },
    'sso.role_synced': {
      category: 'sso',
      severity: 'notice',
      description: "A member's role followed the identity provider's groups.",
      meta: { from: 'code', to: 'code' },
    },
    'sso.sessions_ended': {
      category: 'sso',
      severity: 'notice',
      description: 'An identity provider ended sessions.',
      meta: { connectionId: 'id', ended: 'count' },
    },
  },
  errors: {
    sso_failed: { status: 403, title: 'The single sign-on was not accepted' },
    sso_connection_disabled: { status: 409, title: 'The connection is switched off' },
    sso_connection_not_tested: {
      status: 409,
      title: 'Single sign-on is enforced after a test sign-in through a connection',
    },
  },
  jobs: {
    'auth.notify_break_glass': {
      description: 'Writes a sign-in past single sign-on into the log, and tells the others who lead.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 1,
    },
    'sso.notify': {
      description: 'Tells one member by mail what they have to know of single sign-on.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  retention: {
    'sso_attempts.old': {
      description: 'Traces of sign-ins through identity providers',
      table: 'sso_attempts',
      ageColumn: 'at',
      days: 30,
      floorDays: 0,
      action: 'delete',
    },
  },
  personalData: {
    sso_connections: {
      db_secret_enc: { class: 'internal', erasure: 'delete' },
      sp_key_enc: { class: 'internal', erasure: 'delete' },
      oidc_client_secret_enc: { class: 'internal', erasure: 'delete' },
      name: { class: 'internal', erasure: 'keep' },
      email_attribute: { class: 'internal', erasure: 'keep' },
      name_attribute: { class: 'internal', erasure: 'keep' },
    },
    sso_identities: {
      subject_key: { class: 'PII', erasure: 'delete' },
      facts: { class: 'PII', erasure: 'delete' },
    },
    sso_attempts: {
      diagnostics: { class: 'internal', erasure: 'delete' },
      result_enc: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    sso_connections: {
      kind: 'tenant',
      resource: 'sso-connection',
      rows: { select: 'sso:read', insert: 'sso:create', update: 'sso:update', delete: 'sso:delete' },
      retention: { reason: 'a setting of the organization' },
    },
    sso_attempts: {
      kind: 'tenant',
      rows: { select: ['sso:read', 'retention:preview', 'retention:run'] },
      retention: { policies: ['sso_attempts.old'] },
    },
    sso_identities: {
      kind: 'tenant',
      rows: { select: 'sso:read', delete: 'sso:delete' },
      retention: { reason: 'lives as long as the connection it belongs to' },
    },
  },
  controls: {
    'sso.tested': {
      claims: ['M14', 'S3'],
      description:
        'Single sign-on is enforced only after a sign-in came through, as the database checks; whoever leads comes in by a second factor all the same, and is heard of.',
    },
    'sso.trace': {
      claims: ['M14', 'S3'],
      description:
        'The last attempts of each connection with the reason of each refusal, without values, signatures or keys.',
    },
    'sso.sessions': { claims: ['M13', 'M14'], description: 'Sessions end with the connection that they came through.' },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sso: typeof ssoFeature;
  }
}
