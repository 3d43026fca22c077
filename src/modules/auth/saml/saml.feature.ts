import { defineFeature } from '../../../platform/feature/define-feature.js';

export const samlFeature = defineFeature({
  name: 'saml',
  description: 'SAML 2.0: sign-in, logout, metadata, keys, and certificates.',
  events: {
    'sso.key_added': {
      category: 'sso',
      severity: 'notice',
      description: 'A member added a key to a connection. The metadata of the connection shows it.',
    },
    'sso.key_rotated': {
      category: 'sso',
      severity: 'notice',
      description: 'A member put the new key of a connection into use and removed the old key.',
    },
    'sso.logout_rejected': {
      category: 'sso',
      severity: 'warning',
      description: 'The application rejected a logout message.',
      meta: { reason: 'code' },
    },
    'sso.refresh_requested': {
      category: 'sso',
      severity: 'info',
      description: "A member requested a refresh of a provider's metadata.",
    },
    'sso.metadata_refreshed': {
      category: 'sso',
      severity: 'notice',
      description: "The application read a provider's metadata and found a change, or could not read it.",
      meta: { reason: 'code', warnings: 'codes' },
    },
    'sso.certificate_added': {
      category: 'sso',
      severity: 'notice',
      description: 'An identity provider published a new certificate. The application now accepts its signatures.',
      meta: { certificate: 'digest' },
    },
    'sso.certificate_removed': {
      category: 'sso',
      severity: 'notice',
      description: 'An identity provider withdrew a certificate. The application no longer accepts its signatures.',
      meta: { certificate: 'digest' },
    },
    'sso.certificate_expiring': {
      category: 'sso',
      severity: 'warning',
      description: 'The worker found that the last certificate of an identity provider expires soon.',
      meta: { days: 'count' },
    },
  },
  errors: {
    no_pending_key: { status: 409, title: 'The connection has no new key' },
    invalid_metadata: { status: 400, title: "The identity provider's metadata is invalid" },
    idp_entity_id_required: {
      status: 400,
      title: 'The metadata describes several identity providers: choose one by idpEntityId',
    },
    no_metadata_url: { status: 409, title: 'The connection has no metadata URL' },
  },
  jobs: {
    'sso.refresh_metadata': {
      description: "Reads a provider's metadata again.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['sso:update'],
    },
    'sso.daily': {
      description: 'Enqueues the metadata refreshes of one organization and checks the expiry of certificates.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  schedules: {
    'sso.daily': {
      description: 'Refreshes SAML metadata and checks the expiry of certificates.',
      cron: '20 4 * * *',
      timezone: 'UTC',
      job: 'sso.daily',
      per: 'organization',
    },
  },
  controls: {
    'sso.saml': {
      claims: ['M14', 'S3'],
      description:
        'The application checks the structure and signature of each SAML response, and reads only the signed bytes. ' +
        'It rejects replayed responses and responses of other providers.',
    },
    'sso.refresh': {
      claims: ['M14'],
      description:
        'The worker reads metadata every day. A signature with an unknown key causes another refresh, once a minute ' +
        'at most. The application ignores unreadable metadata and metadata of another provider.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    saml: typeof samlFeature;
  }
}
