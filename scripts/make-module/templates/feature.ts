import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const $camelThings$Feature = defineFeature({
  name: '$things$',
  description: '$Words$ of an organization.',
  permissions: {
    '$thing$:read': {
      category: '$Words$',
      description: 'Read $words$.',
      scopes: {
        org: ['program_director', 'mentor', 'trainee', 'owner', 'admin', 'member', 'viewer', 'staff', 'portal'],
      },
    },
    '$thing$:write': {
      category: '$Words$',
      description: 'Create, change, and delete $words$.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    '$event$.created': { category: '$things$', severity: 'info', description: 'A member created: $word$.' },
    '$event$.updated': {
      category: '$things$',
      severity: 'info',
      description: 'A member changed: $word$.',
      meta: { fields: 'codes' },
    },
    '$event$.deleted': { category: '$things$', severity: 'notice', description: 'A member deleted: $word$.' },
  },
  retention: {
    '$table$.old': {
      description: '$Words$ older than a year',
      table: '$table$',
      ageColumn: 'created_at',
      days: 365,
      floorDays: 0,
      action: 'delete',
    },
  },
  tables: {
    $table$: {
      kind: 'tenant',
      resource: '$thing$',
      rows: {
        select: ['$thing$:read', '$thing$:write', 'retention:preview', 'retention:run'],
        insert: '$thing$:write',
        update: '$thing$:write',
        delete: '$thing$:write',
      },
      retention: { policies: ['$table$.old'] },
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    '$things$': typeof $camelThings$Feature;
  }
}
