import { defineFeature } from '../../../platform/feature/define-feature.js';

export const domainsFeature = defineFeature({
  name: 'domains',
  description: 'Verified mail domains, and the discovery of sign-in methods.',
  events: {
    'sso.domain_added': {
      category: 'sso',
      severity: 'notice',
      description: 'A member added a mail domain.',
    },
    'sso.domain_check_requested': {
      category: 'sso',
      severity: 'info',
      description: 'A member requested a DNS check of a mail domain.',
    },
    'sso.domain_verified': {
      category: 'sso',
      severity: 'notice',
      description: 'The worker verified a mail domain by its DNS record.',
    },
    'sso.domain_verification_failed': {
      category: 'sso',
      severity: 'warning',
      description: 'The worker did not find the DNS record of a verified mail domain.',
      meta: { reason: 'code' },
    },
    'sso.domain_unverified': {
      category: 'sso',
      severity: 'warning',
      description: 'The worker removed the verified status of a mail domain.',
      meta: { reason: 'code' },
    },
    'sso.domain_removed': { category: 'sso', severity: 'notice', description: 'A member removed a mail domain.' },
  },
  errors: {
    domain_not_allowed: { status: 400, title: 'This domain cannot be verified' },
    domain_exists: { status: 409, title: 'The domain is already registered' },
    domain_taken: { status: 409, title: 'Another organization has verified this domain' },
  },
  jobs: {
    'sso.check_domain': {
      description: 'Checks the DNS record of one mail domain.',
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['sso:update'],
    },
    'sso.check_domains': {
      description: 'Enqueues the DNS checks that are due today in one organization.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  schedules: {
    'sso.check_domains': {
      description: 'Checks the DNS records of mail domains every day.',
      cron: '20 4 * * *',
      timezone: 'UTC',
      job: 'sso.check_domains',
      per: 'organization',
    },
  },
  tables: {
    sso_domains: {
      kind: 'tenant',
      resource: 'sso-domain',
      rows: { select: 'sso:read', insert: 'sso:create', delete: 'sso:delete' },
      retention: { reason: 'The organization keeps its settings.' },
    },
  },
  controls: {
    'sso.domains': {
      claims: ['M14', 'S3'],
      description:
        'A mail domain stays verified only while its DNS record exists. Only the worker can store a check result. ' +
        'Two organizations can verify the same domain only within one institution.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    domains: typeof domainsFeature;
  }
}
