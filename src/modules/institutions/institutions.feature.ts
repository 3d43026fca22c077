import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const institutionsFeature = defineFeature({
  name: 'institutions',
  description:
    'Institutions group organizations for shared sign-in and reporting, each by its own consent; nothing else ' +
    'crosses over.',
  permissions: {
    'institution:read-report': {
      category: 'Organization',
      description: "See the numbers of the institution's organizations.",
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'institution.created': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An institution was set up.',
    },
    'institution.joined': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'The organization was put into an institution.',
      meta: { institutionId: 'id' },
    },
    'institution.left': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'The organization was taken out of its institution.',
    },
    'institution.report_viewed': {
      category: 'organization',
      severity: 'info',
      description: "The numbers of the institution's organizations were seen.",
      meta: { organizations: 'count' },
    },
  },
  personalData: {
    institutions: { name: { class: 'public', erasure: 'keep' } },
  },
  tables: {
    institutions: { kind: 'installation', retention: { reason: 'set up and kept by operators' } },
  },
  resources: {
    institution: { description: 'An institution, which several organizations can belong to' },
  },
  controls: {
    'institutions.consent': {
      claims: ['M7'],
      description: 'Between organizations of an institution pass numbers alone, and only of those that agreed.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    institutions: typeof institutionsFeature;
  }
}
