import { defineFeature } from '../../../platform/feature/define-feature.js';

export const samlFeature = defineFeature({
  name: 'saml',
  description: 'SAML 2.0: sign-in, logout, metadata, keys, and certificates.',
  events: {
    'sso.key_added': {
      category: 'sso',
      severity: 'notice',
      description: 'A connection got a new key of ours; its metadata shows it.',
    },
    'sso.key_rotated': {
      category: 'sso',
      severity: 'notice',
      description: "A connection's new key is in use, and the old one is gone.",
    },
    'sso.logout_rejected': {
      category: 'sso',
      severity: 'warning',
      description: 'A message to end sessions was refused.',
      meta: { reason: 'code' },
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
  },
  errors: {
    no_pending_key: { status: 409, title: 'There is no new key to switch to' },
    invalid_metadata: { status: 400, title: "The identity provider's metadata cannot be used" },
    no_metadata_url: { status: 409, title: 'The connection has no metadata address' },
  },
  jobs: {
    'sso.refresh_metadata': {
      description: "Reads a provider's metadata anew.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['sso:update'],
    },
    'sso.daily': {
      description: 'Enqueues the metadata refreshes of one organization and checks its certificates.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  schedules: {
    'sso.daily': {
      description: 'SAML metadata and certificates',
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
        'SAML responses are guarded, verified, and checked on the signed bytes; replays and foreign responses are refused.',
    },
    'sso.refresh': {
      claims: ['M14'],
      description: "Metadata is read anew every day; what cannot be read, or is another provider's, changes nothing.",
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    saml: typeof samlFeature;
  }
}
