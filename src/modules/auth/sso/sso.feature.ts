import { MANAGER_ROLES } from '../../../platform/access/roles.js';
import { defineFeature } from '../../../platform/feature/define-feature.js';

export const ssoFeature = defineFeature({
  name: 'sso',
  description: "Single sign-on through institutions' identity providers, and the mail domains that lead there.",
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
    'sso.key_introduced': {
      category: 'sso',
      severity: 'notice',
      description: 'A connection got a new key of ours; its metadata shows it.',
    },
    'sso.key_switched': {
      category: 'sso',
      severity: 'notice',
      description: "A connection's new key is in use, and the old one is gone.",
    },
    'sso.logout_refused': {
      category: 'sso',
      severity: 'warning',
      description: 'A message to end sessions was refused.',
      meta: { reason: 'code' },
    },
    'sso.member_provisioned': {
      category: 'sso',
      severity: 'notice',
      description: 'A member was added at the first sign-in.',
      meta: { role: 'code', connectionId: 'id' },
    },
    'sso.refresh_requested': {
      category: 'sso',
      severity: 'info',
      description: "The provider's metadata was asked to be read anew.",
    },
    'sso.metadata_refreshed': {
      category: 'sso',
      severity: 'notice',
      description: "The provider's metadata was read anew and has changed, or could no longer be read.",
      meta: { reason: 'code' },
    },
    'sso.certificate_added': {
      category: 'sso',
      severity: 'notice',
      description: 'The provider published a certificate more; its signatures count from now on.',
      meta: { certificate: 'digest' },
    },
    'sso.certificate_removed': {
      category: 'sso',
      severity: 'notice',
      description: 'The provider withdrew a certificate; its signatures no longer count.',
      meta: { certificate: 'digest' },
    },
    'sso.certificate_expiring': {
      category: 'sso',
      severity: 'warning',
      description: 'The last certificate of a provider expires soon.',
      meta: { days: 'count' },
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
    'sso.domain_added': {
      category: 'sso',
      severity: 'notice',
      description: "A mail domain was named as the organization's own.",
    },
    'sso.domain_check_requested': {
      category: 'sso',
      severity: 'info',
      description: "A domain's DNS record was asked to be looked up.",
    },
    'sso.domain_verified': {
      category: 'sso',
      severity: 'notice',
      description: "The DNS showed a domain to be the organization's own.",
    },
    'sso.domain_proof_lost': {
      category: 'sso',
      severity: 'warning',
      description: 'The DNS record of a verified domain is missing.',
      meta: { reason: 'code' },
    },
    'sso.domain_unverified': {
      category: 'sso',
      severity: 'warning',
      description: "A domain no longer counts as the organization's own.",
      meta: { reason: 'code' },
    },
    'sso.domain_removed': { category: 'sso', severity: 'notice', description: 'A mail domain was removed.' },
    'sso.role_taken_over': {
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
    no_new_key: { status: 409, title: 'There is no new key to switch to' },
    logout_refused: { status: 400, title: 'The logout token was not accepted' },
    metadata_refused: { status: 400, title: "The identity provider's metadata cannot be used" },
    no_metadata_url: { status: 409, title: 'The connection has no metadata address' },
    sso_disabled: { status: 409, title: 'The connection is switched off' },
    sso_untested: { status: 409, title: 'Single sign-on is enforced after a test sign-in through a connection' },
    domain_refused: { status: 400, title: 'No organization can answer for this domain' },
    domain_exists: { status: 409, title: 'The domain is there already' },
    domain_taken: { status: 409, title: 'Another organization has shown this domain to be its own' },
  },
  jobs: {
    'sso.daily': {
      description: 'Looks what is to be done for single sign-on in one organization today.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'sso.refresh_metadata': {
      description: "Reads a provider's metadata anew.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      askedBy: ['sso:update'],
    },
    'sso.check_domain': {
      description: "Looks up whether a domain is the organization's.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      askedBy: ['sso:update'],
    },
    'sso.notify': {
      description: 'Tells one member by mail what they have to know of single sign-on.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  schedules: {
    'sso.daily': {
      description: 'Single sign-on: metadata, domains, certificates',
      cron: '20 4 * * *',
      timezone: 'UTC',
      job: 'sso.daily',
      per: 'organization',
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
      entrance_enc: { class: 'internal', erasure: 'delete' },
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
      evidence: { class: 'internal', erasure: 'delete' },
      result_enc: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    sso_connections: {
      kind: 'tenant',
      resource: 'sso-connection',
      rows: { select: 'sso:read', insert: 'sso:create', update: 'sso:update', delete: 'sso:delete' },
      retention: { keep: 'a setting of the organization' },
    },
    sso_domains: {
      kind: 'tenant',
      resource: 'sso-domain',
      rows: { select: 'sso:read', insert: 'sso:create', delete: 'sso:delete' },
      retention: { keep: 'a setting of the organization' },
    },
    sso_attempts: {
      kind: 'tenant',
      rows: { select: ['sso:read', 'retention:preview', 'retention:run'] },
      retention: { policies: ['sso_attempts.old'] },
    },
    sso_identities: {
      kind: 'tenant',
      rows: { select: 'sso:read', delete: 'sso:delete' },
      retention: { keep: 'lives as long as the connection it belongs to' },
    },
  },
  controls: {
    'sso.oidc': {
      claims: ['M14', 'S3'],
      description:
        'ID tokens are verified down to the signature, for this browser, connection and request; what another issuer, client or sign-in made is refused.',
    },
    'sso.domains': {
      claims: ['M14', 'S3'],
      description:
        'An organization answers for a mail domain as long as a DNS record shows it, which the worker alone can note; two only within an institution.',
    },
    'sso.tested': {
      claims: ['M14', 'S3'],
      description:
        'Single sign-on is enforced only after a sign-in came through, as the database checks; whoever leads comes in by a second factor all the same, and is heard of.',
    },
    'sso.refresh': {
      claims: ['M14'],
      description: "Metadata is read anew every day; what cannot be read, or is another provider's, changes nothing.",
    },
    'sso.trace': {
      claims: ['M14', 'S3'],
      description:
        'The last attempts of each connection with the reason of each refusal, without values, signatures or keys.',
    },
    'sso.sessions': { claims: ['M13', 'M14'], description: 'Sessions end with the connection that they came through.' },
    'sso.saml': {
      claims: ['M14', 'S3'],
      description:
        'SAML responses are guarded, verified, and checked on the signed bytes; replays and foreign responses are refused.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sso: typeof ssoFeature;
  }
}
