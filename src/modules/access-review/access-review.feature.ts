import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** Who reviewed what is evidence, kept as long as the log: seven years. */
const SEVEN_YEARS = 2_557;

export const accessReviewFeature = defineFeature({
  name: 'access-review',
  description:
    'Access explained: who can reach a thing and why, what a user could see and do, and reviews of what ' +
    'everybody holds.',
  permissions: {
    'access:explain': {
      category: 'Access',
      description: 'See who can reach a thing, and why.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-review:read': {
      category: 'Access',
      description: 'See reviews of access, and what was decided.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-review:create': {
      category: 'Access',
      description: "Begin a review of everybody's access.",
      scopes: { org: MANAGER_ROLES },
    },
    'access-review:decide': {
      category: 'Access',
      description: 'Confirm or revoke what a review lists; revoking needs the permission to take it away.',
      scopes: { org: MANAGER_ROLES },
    },
    'access:preview': {
      category: 'Access',
      description: 'See what a user could see and do.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
  },
  events: {
    'access.explained': {
      category: 'access',
      severity: 'notice',
      description: 'Somebody asked who can reach a thing.',
      meta: { resource: 'code', permission: 'code', members: 'count' },
    },
    'access_review.started': {
      category: 'access',
      severity: 'notice',
      description: "A review of everybody's access began.",
      meta: { items: 'count' },
    },
    'access_review.confirmed': {
      category: 'access',
      severity: 'notice',
      description: 'Access was reviewed and confirmed.',
      meta: { itemId: 'id', kind: 'code', membershipId: 'id', role: 'code', permission: 'code' },
    },
    'access_review.revoked': {
      category: 'access',
      severity: 'warning',
      description: 'Access was reviewed and taken away.',
      meta: { itemId: 'id', kind: 'code', membershipId: 'id', role: 'code', permission: 'code' },
    },
    'access_review.completed': {
      category: 'access',
      severity: 'notice',
      description: 'A review was completed.',
      meta: { confirmed: 'count', revoked: 'count' },
    },
    'access.previewed': {
      category: 'access',
      severity: 'notice',
      description: 'Somebody asked what a user could see and do.',
    },
  },
  errors: {
    access_review_self_review: { status: 403, title: 'Somebody else has to review your access' },
    access_review_item_already_decided: { status: 409, title: 'This was decided already' },
    access_review_incomplete: { status: 409, title: 'Not everything in the review is decided' },
    unknown_resource_type: { status: 400, title: 'There is no such kind of thing' },
    permission_not_applicable: { status: 400, title: 'This permission does not concern such a thing' },
  },
  retention: {
    'access_reviews.old': {
      description: 'Reviews of access',
      table: 'access_reviews',
      ageColumn: 'created_at',
      days: SEVEN_YEARS,
      floorDays: SEVEN_YEARS,
      action: 'delete',
    },
    'access_review_items.old': {
      description: 'What was decided in reviews of access',
      table: 'access_review_items',
      ageColumn: 'created_at',
      days: SEVEN_YEARS,
      floorDays: SEVEN_YEARS,
      action: 'delete',
    },
  },
  personalData: {
    access_review_items: { note: { class: 'internal', erasure: 'keep' } },
  },
  tables: {
    access_reviews: {
      kind: 'tenant',
      resource: 'access-review',
      retention: { policies: ['access_reviews.old'] },
      rows: {
        select: [
          'access-review:read',
          'access-review:create',
          'access-review:decide',
          'retention:preview',
          'retention:run',
        ],
        update: 'access-review:decide',
      },
    },
    access_review_items: {
      kind: 'tenant',
      retention: { policies: ['access_review_items.old'] },
      rows: {
        select: [
          'access-review:read',
          'access-review:create',
          'access-review:decide',
          'retention:preview',
          'retention:run',
        ],
        update: 'access-review:decide',
      },
    },
  },
  controls: {
    'access-review.reviews': {
      claims: ['E10', 'E12'],
      description:
        "A review lists every membership, override and role of the organization's own; each is confirmed or " +
        'revoked by somebody else, which is kept for seven years.',
    },
    'access-review.explained': {
      claims: ['C5', 'E10', 'E12'],
      description:
        'Who can reach a thing, and what a user could see and do, are answered with reasons from the grants, ' +
        'assignments and row rules that enforce it.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    accessReview: typeof accessReviewFeature;
  }
}
