import { defineFeature } from '../../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../../platform/feature/roles.js';

export const ssoFeature = defineFeature({
  name: 'sso',
  description: 'Connections to identity providers, and the parts that all single sign-on protocols share.',
  permissions: {
    'sso:read': {
      category: 'SSO',
      description: 'View connections to identity providers.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:create': {
      category: 'SSO',
      description: 'Connect an identity provider.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:update': {
      category: 'SSO',
      description: 'Change a connection to an identity provider.',
      scopes: { org: MANAGER_ROLES },
    },
    'sso:delete': {
      category: 'SSO',
      description: 'Delete a connection to an identity provider. Members can no longer sign in through it.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'auth.break_glass_sign_in': {
      category: 'sign-in',
      severity: 'critical',
      description:
        'A member with the owner role signed in locally with a second factor while SSO is enforced (break-glass).',
      meta: { sessionId: 'id', membershipId: 'id' },
    },
    'sso.connection_created': {
      category: 'sso',
      severity: 'notice',
      description: 'A member connected an identity provider.',
    },
    'sso.connection_updated': {
      category: 'sso',
      severity: 'notice',
      description: 'A member changed a connection.',
      meta: { fields: 'codes' },
    },
    'sso.connection_deleted': {
      category: 'sso',
      severity: 'notice',
      description: 'A member deleted a connection.',
    },
    'sso.member_provisioned': {
      category: 'sso',
      severity: 'notice',
      description: "The application added a member at the user's first sign-in through SSO.",
      meta: { role: 'role', connectionId: 'id' },
    },
    'sso.test_started': { category: 'sso', severity: 'info', description: 'A member started a test sign-in.' },
    'sso.connection_tested': {
      category: 'sso',
      severity: 'notice',
      description: 'A member completed a test sign-in.',
      meta: { reason: 'code' },
    },
    'sso.mapping_previewed': {
      category: 'sso',
      severity: 'info',
      description: 'A member previewed a role mapping.',
    },
    'sso.role_synced': {
      category: 'sso',
      severity: 'notice',
      description: 'A member got another role, because the groups or attributes from the identity provider changed.',
      meta: { from: 'role', to: 'role' },
    },
    'sso.identity_linked': {
      category: 'sso',
      severity: 'notice',
      description: 'A user signed in through a connection for the first time and got the account of a member.',
      meta: { connectionId: 'id', how: 'code' },
    },
    'sso.profile_followed': {
      category: 'sso',
      severity: 'info',
      description: 'The name or e-mail address of a member changed, because it changed at the identity provider.',
      meta: { connectionId: 'id' },
    },
    'sso.identity_removed': {
      category: 'sso',
      severity: 'notice',
      description: 'A member removed an identity of a member at an identity provider. Its sessions ended.',
      meta: { connectionId: 'id' },
    },
    'sso.identity_move_previewed': {
      category: 'sso',
      severity: 'info',
      description: 'A member previewed a move of identities to another connection.',
      meta: { from: 'id' },
    },
    'sso.identities_moved': {
      category: 'sso',
      severity: 'warning',
      description: 'A member allowed a connection to claim the members of another connection for a limited time.',
      meta: { from: 'id', matchBy: 'code', members: 'count', days: 'count', allowLowerRole: 'flag' },
    },
    'sso.identity_move_cancelled': {
      category: 'sso',
      severity: 'notice',
      description: 'A member cancelled a move of identities.',
      meta: { members: 'count' },
    },
    'sso.sessions_ended': {
      category: 'sso',
      severity: 'notice',
      description: 'An identity provider ended sessions.',
      meta: { connectionId: 'id', ended: 'count' },
    },
  },
  errors: {
    sso_failed: { status: 403, title: 'Single sign-on failed' },
    last_sign_in_method: {
      status: 409,
      title: 'The member could no longer sign in. Confirm the removal with allowLockout=true',
    },
    provider_unreachable: {
      status: 503,
      title: 'The identity provider cannot be reached: try again later, or ask your administrator',
    },
    sso_connection_disabled: { status: 409, title: 'The connection is disabled' },
    sso_connection_draft: {
      status: 409,
      title: "The connection is a draft: an administrator must add the identity provider's data",
    },
    sso_connection_not_tested: {
      status: 409,
      title: 'Complete a test sign-in through a connection before you enforce single sign-on',
    },
  },
  jobs: {
    'auth.notify_break_glass': {
      description: 'Writes a break-glass sign-in to the audit log and notifies the other owners.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 1,
    },
    'sso.notify_linked': {
      description:
        'Notifies a member about a linked identity, and the administrators if the member proved the account.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'sso.notify_followed': {
      description: 'Notifies a member that the e-mail address followed the identity provider, at both addresses.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'sso.notify_moved': {
      description: 'Notifies the administrators about a move of identities to another connection.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'sso.notify': {
      description: 'Notifies one member about single sign-on by mail.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  retention: {
    'sso_attempts.old': {
      description: 'Attempt logs of sign-ins through identity providers',
      table: 'sso_attempts',
      ageColumn: 'at',
      days: 30,
      floorDays: 0,
      action: 'delete',
    },
    'sso_moves.expired': {
      description: 'Moves of identities that no member used in time',
      table: 'sso_moves',
      ageColumn: 'expires_at',
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
      provider_name: { class: 'PII', erasure: 'delete' },
      provider_email: { class: 'PII', erasure: 'delete' },
    },
    sso_moves: {
      match_key: { class: 'PII', erasure: 'delete' },
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
      retention: { reason: 'The organization keeps its settings.' },
    },
    sso_attempts: {
      kind: 'tenant',
      rows: { select: ['sso:read', 'retention:preview', 'retention:run'] },
      retention: { policies: ['sso_attempts.old'] },
    },
    sso_identities: {
      kind: 'tenant',
      rows: { select: 'sso:read', delete: 'sso:delete' },
      retention: { reason: 'The row is deleted with its connection.' },
    },
    sso_moves: {
      kind: 'tenant',
      rows: { select: ['sso:read', 'sso:update', 'retention:preview', 'retention:run'], delete: 'sso:update' },
      retention: { policies: ['sso_moves.expired'] },
    },
  },
  controls: {
    'sso.tested': {
      claims: ['M14', 'S3'],
      description:
        'The database allows SSO enforcement only after a successful test sign-in. An owner can still sign in with a ' +
        'second factor; the other owners are notified.',
    },
    'sso.trace': {
      claims: ['M14', 'S3'],
      description:
        'Each connection keeps its last attempts and the reasons of failures, but no values, signatures, or keys.',
    },
    'sso.moves': {
      claims: ['M14', 'S3'],
      description:
        'A move of identities names members of one organization only, ends after a limited time, and gives no member ' +
        'a permission that the member does not have.',
    },
    'sso.sessions': { claims: ['M13', 'M14'], description: 'Deleting or disabling a connection ends its sessions.' },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sso: typeof ssoFeature;
  }
}
