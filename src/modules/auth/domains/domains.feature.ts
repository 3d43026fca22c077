import { defineFeature } from '../../../platform/feature/define-feature.js';

export const domainsFeature = defineFeature({
  name: 'domains',
  description: 'Verified mail domains, and the discovery of sign-in methods.',
  events: {
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
    'sso.domain_verification_failed': {
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
  },
  errors: {
    domain_not_allowed: { status: 400, title: 'No organization can answer for this domain' },
    domain_exists: { status: 409, title: 'The domain is there already' },
    domain_taken: { status: 409, title: 'Another organization has shown this domain to be its own' },
  },
  jobs: {
    'sso.check_domain': {
      description: "Looks up whether a domain is the organization's.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['sso:update'],
    },
    'sso.check_domains': {
      description: 'Enqueues the DNS checks that are due in one organization today.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  schedules: {
    'sso.check_domains': {
      description: 'DNS checks of mail domains',
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
      retention: { reason: 'a setting of the organization' },
    },
  },
  controls: {
    'sso.domains': {
      claims: ['M14', 'S3'],
      description:
        'An organization answers for a mail domain as long as a DNS record shows it, which the worker alone can note; two only within an institution.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    domains: typeof domainsFeature;
  }
}
