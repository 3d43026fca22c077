import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const institutionsFeature = defineFeature({
  name: 'institutions',
  description:
    'Institutions group organizations for shared sign-in and reporting. Each organization consents for itself, and ' +
    'nothing else is shared.',
  permissions: {
    'institution:read-report': {
      category: 'Organization',
      description: "Read statistics of the institution's organizations.",
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'institution.created': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An operator created an institution.',
    },
    'institution.joined': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An operator added the organization to an institution.',
      meta: { institutionId: 'id' },
    },
    'institution.left': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An operator removed the organization from its institution.',
    },
    'institution.report_viewed': {
      category: 'organization',
      severity: 'info',
      description: "A member read the statistics of the institution's organizations.",
      meta: { organizations: 'count' },
    },
  },
  personalData: {
    institutions: { name: { class: 'public', erasure: 'keep' } },
  },
  tables: {
    institutions: { kind: 'installation', retention: { reason: 'created and maintained by operators' } },
  },
  resources: {
    institution: { description: 'An institution: a group of organizations' },
  },
  controls: {
    'institutions.consent': {
      claims: ['M7'],
      description: 'Organizations of an institution share only statistics. Each organization must consent.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    institutions: typeof institutionsFeature;
  }
}
