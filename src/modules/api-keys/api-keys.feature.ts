import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const apiKeysFeature = defineFeature({
  name: 'api-keys',
  description: 'API keys for programs. A key acts as its creator, limited to the permissions in its list.',
  permissions: {
    'api-key:read': {
      category: 'API keys',
      description: 'List the API keys of all members.',
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:create': {
      category: 'API keys',
      description: 'Create API keys that act as the member.',
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:rotate': {
      category: 'API keys',
      description: "Rotate the member's own API keys.",
      scopes: { org: MANAGER_ROLES },
    },
    'api-key:revoke': {
      category: 'API keys',
      description: 'Revoke the API keys of any member.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'api_key.created': {
      category: 'api-keys',
      severity: 'warning',
      description: 'A member created an API key.',
      meta: { permissions: 'codes', ranges: 'count', expiresAt: 'time' },
    },
    'api_key.rotated': {
      category: 'api-keys',
      severity: 'notice',
      description: 'A member rotated an API key. The old key stays valid during the overlap, then expires.',
      meta: { newKeyId: 'id', overlapSeconds: 'count', expiresAt: 'time' },
    },
    'api_key.revoked': {
      category: 'api-keys',
      severity: 'notice',
      description: 'A member revoked an API key.',
      meta: { membershipId: 'id' },
    },
  },
  errors: {
    api_key_already_rotated: { status: 409, title: 'The API key has already been rotated' },
  },
  retention: {
    'api_keys.ended': {
      description:
        'API keys that expired more than 400 days ago. Until then, an auditor can resolve the key ids of audit events',
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
        'A key has a permission only if its list names it and its member holds it. The database enforces this too. ' +
        'A key cannot create or revoke keys.',
    },
    'api-keys.hashed': {
      claims: ['E4'],
      description:
        'A key is shown once and stored as a SHA-256 hash. It expires within a year, or when its membership ends. ' +
        'A checksum detects typos.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    apiKeys: typeof apiKeysFeature;
  }
}
