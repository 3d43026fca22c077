import { defineFeature } from '../../platform/feature/define-feature.js';

export const rbacFeature = defineFeature({
  name: 'rbac',
  description: 'Permissions, the roles of the three presets, and an organization\'s own settings of them.',
  permissions: {
    'role:read': { category: 'Roles', description: 'See roles and what they grant.', scopes: { org: ['program_director', 'owner', 'admin', 'viewer', 'staff'] } },
    'role:update': { category: 'Roles', description: 'Change what a role grants in this organization.', scopes: { org: ['program_director', 'owner', 'admin'] } },
    'permission:read': { category: 'Roles', description: 'See the catalogue of permissions.', scopes: { org: ['program_director', 'owner', 'admin', 'viewer', 'staff'] } },
    'membership:override': { category: 'Roles', description: 'Change what one member is granted.', scopes: { org: ['program_director', 'owner', 'admin'] } },
  },
  events: {
    'role.override_set': {
      category: 'roles', severity: 'notice', description: 'What a role grants was changed.', meta: { role: 'code', permission: 'code', scope: 'code' },
      live: { permission: 'role:read' },
    },
    'role.override_removed': {
      category: 'roles', severity: 'notice', description: 'A role was set back to its default.', meta: { role: 'code', permission: 'code' },
      live: { permission: 'role:read' },
    },
    'membership.override_set': {
      category: 'roles', severity: 'notice', description: 'What one member is granted was changed.', meta: { permission: 'code', scope: 'code' },
      live: { permission: 'role:read' },
    },
    'membership.override_removed': {
      category: 'roles', severity: 'notice', description: 'A member was set back to the role.', meta: { permission: 'code' },
      live: { permission: 'role:read' },
    },
  },
  errors: {
    scope_not_applicable: { status: 400, title: 'This permission is held for the whole organization or not at all' },
    unknown_permission: { status: 400, title: 'There is no such permission' },
  },
  tables: {
    role_defaults: { kind: 'installation', retention: { keep: 'written anew from the permission catalogue at every migration' } },
    role_overrides: { kind: 'tenant', retention: { keep: 'a setting of the organization' } },
    member_overrides: { kind: 'tenant', retention: { keep: 'a setting of the organization' } },
  },
  controls: {
    'rbac.cascade': { claims: ['E10', 'E12', 'C5'], description: 'Member override over role override over code default, resolved in the database.' },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    rbac: typeof rbacFeature;
  }
}
