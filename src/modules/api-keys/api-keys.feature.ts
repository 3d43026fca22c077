import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const apiKeysFeature = defineFeature({
  name: 'api-keys',
  description: 'Keys for machines: each acts as the member that made it, narrowed to the permissions of its list.',
  permissions: {
    'api-key:read': {
      category: 'API keys',
      description: 'See the API keys of all members.',
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:create': {
      category: 'API keys',
      description: 'Make API keys that act as oneself.',
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:rotate': {
      category: 'API keys',
      description: "Put new keys in place of one's own.",
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:revoke': {
      category: 'API keys',
      description: 'End the API keys of any member.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'api_key.created': {
      category: 'api-keys',
      severity: 'warning',
      description: 'An API key was made.',
      meta: { permissions: 'codes', ranges: 'count', expiresAt: 'time' },
    },
    'api_key.rotated': {
      category: 'api-keys',
      severity: 'notice',
      description: 'A new API key took the place of another, which ends after the overlap.',
      meta: { newKeyId: 'id', overlapSeconds: 'count', expiresAt: 'time' },
    },
    'api_key.revoked': {
      category: 'api-keys',
      severity: 'notice',
      description: 'An API key was ended.',
      meta: { membershipId: 'id' },
    },
  },
  errors: {
    api_key_already_rotated: { status: 409, title: 'This key has a successor already' },
  },
  retention: {
    'api_keys.ended': {
      description:
        'API keys whose time was over more than a year ago: until then the log, which names them by id, can be ' +
        'read with them',
      table: 'api_keys',
      ageColumn: 'expires_at',
      days: 400,
      floorDays: 400,
      action: 'delete',
    },
  },
  personalData: {
    api_keys: {
      name: { class: 'internal', erasure: 'keep' },
      last_used_ip: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    api_keys: {
      kind: 'tenant',
      resource: 'api-key',
      rows: {
        own: { column: 'membership_id', commands: ['select', 'update'] },
        select: ['api-key:read', 'api-key:revoke', 'retention:preview', 'retention:run'],
        insert: 'api-key:create',
        update: 'api-key:revoke',
      },
      retention: { policies: ['api_keys.ended'] },
    },
  },
  controls: {
    'api-keys.narrowed': {
      claims: ['C5'],
      description:
        'A key reaches what its member holds at that moment and its list names, in the database as well; it ' +
        'makes and ends no keys.',
    },
    'api-keys.hashed': {
      claims: ['E4'],
      description:
        'Keys are shown once, stored as SHA-256, end within a year and with their member, and are told from ' +
        'typos by a check sum.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    apiKeys: typeof apiKeysFeature;
  }
}
