import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** Access reviews are evidence and are kept as long as the audit log: seven years. */
const SEVEN_YEARS = 2_557;

export const accessReviewFeature = defineFeature({
  name: 'access-review',
  description:
    'Shows which members can reach a resource and why. Shows what a user can see and do. Supports ' +
    'reviews of all access in the organization.',
  permissions: {
    'access:explain': {
      category: 'Access',
      description: 'See which members can reach a resource, and why.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-review:read': {
      category: 'Access',
      description: 'Read access reviews and their decisions.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-review:create': {
      category: 'Access',
      description: 'Start an access review of the organization.',
      scopes: { org: MANAGER_ROLES },
    },
    'access-review:decide': {
      category: 'Access',
      description: 'Confirm or revoke items of a review. Revocation also needs the permission for that change.',
      scopes: { org: MANAGER_ROLES },
    },
    'access:preview': {
      category: 'Access',
      description: 'See what a user can see and do.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
  },
  events: {
    'access.explained': {
      category: 'access',
      severity: 'notice',
      description: 'A member listed who can reach a resource.',
      meta: { resource: 'code', permission: 'code', members: 'count' },
    },
    'access_review.started': {
      category: 'access',
      severity: 'notice',
      description: 'A member started an access review of the organization.',
      meta: { items: 'count' },
    },
    'access_review.confirmed': {
      category: 'access',
      severity: 'notice',
      description: 'A member confirmed an item of an access review.',
      meta: { itemId: 'id', kind: 'code', membershipId: 'id', role: 'role', permission: 'code' },
    },
    'access_review.revoked': {
      category: 'access',
      severity: 'warning',
      description: 'A member revoked an item of an access review.',
      meta: { itemId: 'id', kind: 'code', membershipId: 'id', role: 'role', permission: 'code' },
    },
    'access_review.completed': {
      category: 'access',
      severity: 'notice',
      description: 'A member completed an access review.',
      meta: { confirmed: 'count', revoked: 'count' },
    },
    'access.previewed': {
      category: 'access',
      severity: 'notice',
      description: 'A member listed what a user can see and do.',
    },
  },
  errors: {
    access_review_self_review: { status: 403, title: 'Another member must review your access' },
    access_review_item_already_decided: { status: 409, title: 'The review item has already been decided' },
    access_review_incomplete: { status: 409, title: 'The review has undecided items' },
    unknown_resource_type: { status: 400, title: 'Unknown resource type' },
    permission_not_applicable: { status: 400, title: 'The permission does not apply to this resource type' },
  },
  retention: {
    'access_reviews.old': {
      description: 'Access reviews',
      table: 'access_reviews',
      ageColumn: 'created_at',
      days: SEVEN_YEARS,
      floorDays: SEVEN_YEARS,
      action: 'delete',
    },
    'access_review_items.old': {
      description: 'Items and decisions of access reviews',
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
        'A review lists every membership, override and custom role. Another member confirms or revokes each item. ' +
        'The decisions are kept for seven years.',
    },
    'access-review.explained': {
      claims: ['C5', 'E10', 'E12'],
      description:
        'The list of members who can reach a resource and the preview of a user use the same grants, ' +
        'assignments, and row policies that enforce access. Both state the reasons.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    accessReview: typeof accessReviewFeature;
  }
}
