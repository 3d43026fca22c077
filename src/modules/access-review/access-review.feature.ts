import { defineFeature } from '../../platform/feature/define-feature.js';

const LEADING = ['program_director', 'owner', 'admin'] as const;

export const accessReviewFeature = defineFeature({
  name: 'access-review',
  description: 'Access explained: who can reach a thing and why, what a user could see and do, and reviews of what everybody holds.',
  permissions: {
    'access:explain': { category: 'Access', description: 'See who can reach a thing, and why.', scopes: { org: [...LEADING, 'viewer'] } },
    'access:preview': { category: 'Access', description: 'See what a user could see and do.', scopes: { org: [...LEADING, 'viewer'] } },
  },
  events: {
    'access.explained': {
      category: 'access', severity: 'notice', description: 'Somebody asked who can reach a thing.', meta: { resource: 'code', permission: 'code', members: 'count' },
    },
    'access.previewed': { category: 'access', severity: 'notice', description: 'Somebody asked what a user could see and do.' },
  },
  errors: {
    unknown_resource: { status: 400, title: 'There is no such kind of thing' },
    permission_not_applicable: { status: 400, title: 'This permission does not concern such a thing' },
  },
  controls: {
    'access-review.explained': {
      claims: ['C5', 'E10', 'E12'], description: 'Who can reach a thing, and what a user could see and do, are answered with reasons from the grants, assignments and row rules that enforce it.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    accessReview: typeof accessReviewFeature;
  }
}
