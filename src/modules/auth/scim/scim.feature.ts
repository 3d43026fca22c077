import { defineFeature } from '../../../platform/feature/define-feature.js';

const HEARD = { permission: 'membership:read' } as const;

export const scimFeature = defineFeature({
  name: 'scim',
  description:
    'SCIM 2.0: the directory of an institution makes, changes and ends members, and says by its groups which ' +
    'role they have.',
  events: {
    'scim.token_created': {
      category: 'provisioning',
      severity: 'warning',
      description: 'A token for a directory was made.',
      meta: { connectionId: 'id', expiresAt: 'time' },
    },
    'scim.token_revoked': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A token for a directory was ended.',
      meta: { connectionId: 'id' },
    },
    'scim.read': {
      category: 'provisioning',
      severity: 'info',
      description: 'A directory read what it has said.',
      meta: { resource: 'code', count: 'count' },
    },
    'scim.user_provisioned': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A directory made a member.',
      meta: { role: 'code' },
      realtime: HEARD,
    },
    'scim.user_linked': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A directory took over somebody who was a member already.',
      meta: { role: 'code' },
      realtime: HEARD,
    },
    'scim.user_updated': {
      category: 'provisioning',
      severity: 'info',
      description: 'A directory changed what it says of a member.',
      meta: { fields: 'codes' },
      realtime: HEARD,
    },
    'scim.user_deactivated': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A directory ended a membership, and its sessions and keys with it.',
      meta: { reason: 'code' },
      realtime: HEARD,
    },
    'scim.user_reactivated': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A directory let a membership begin again.',
      meta: { role: 'code' },
      realtime: HEARD,
    },
    'scim.user_deleted': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A directory no longer knows a member.',
      realtime: HEARD,
    },
    'scim.role_changed': {
      category: 'provisioning',
      severity: 'notice',
      description: "A member's role followed the groups of the directory.",
      meta: { from: 'code', to: 'code' },
      realtime: HEARD,
    },
    'scim.group_created': {
      category: 'provisioning',
      severity: 'info',
      description: 'A directory made a group.',
      meta: { members: 'count' },
    },
    'scim.group_updated': {
      category: 'provisioning',
      severity: 'info',
      description: 'A directory changed a group.',
      meta: { members: 'count' },
    },
    'scim.group_deleted': { category: 'provisioning', severity: 'info', description: 'A directory removed a group.' },
  },
  errors: {
    scim_token_limit_reached: { status: 409, title: 'The connection has two tokens already: end one first' },
    scim_invalid_filter: { status: 400, title: 'The filter is not valid or not supported', scimType: 'invalidFilter' },
    scim_invalid_syntax: {
      status: 400,
      title: 'The request does not have the form that SCIM asks for',
      scimType: 'invalidSyntax',
    },
    scim_invalid_path: { status: 400, title: 'The path is not valid', scimType: 'invalidPath' },
    scim_invalid_value: { status: 400, title: 'A value is missing or not valid', scimType: 'invalidValue' },
    scim_unknown_member: {
      status: 400,
      title: 'A member of the group is no user of this directory',
      scimType: 'invalidValue',
    },
    scim_no_target: { status: 400, title: 'The path leads to nothing', scimType: 'noTarget' },
    scim_mutability: { status: 400, title: 'The attribute cannot be changed', scimType: 'mutability' },
    scim_uniqueness: {
      status: 409,
      title: 'Another resource has this userName, displayName or externalId',
      scimType: 'uniqueness',
    },
    scim_account_exists: {
      status: 409,
      title: 'The address belongs to an account that this directory does not speak for',
      scimType: 'uniqueness',
    },
    scim_precondition_failed: { status: 412, title: 'The resource has changed since' },
  },
  retention: {
    'scim_tokens.ended': {
      description:
        'Tokens of directories whose time was over more than a year ago: until then the log, which names them ' +
        'by id, can be read with them',
      table: 'scim_tokens',
      ageColumn: 'expires_at',
      days: 400,
      floorDays: 400,
      action: 'delete',
    },
  },
  personalData: {
    scim_tokens: { last_used_ip: { class: 'internal', erasure: 'keep' } },
    scim_users: {
      user_name: { class: 'PII', erasure: 'delete' },
      user_name_key: { class: 'PII', erasure: 'delete' },
      external_id: { class: 'PII', erasure: 'delete' },
      email: { class: 'PII', erasure: 'delete' },
      email_type: { class: 'internal', erasure: 'delete' },
      given_name: { class: 'PII', erasure: 'delete' },
      family_name: { class: 'PII', erasure: 'delete' },
    },
    scim_groups: {
      display_name: { class: 'internal', erasure: 'keep' },
      display_name_key: { class: 'internal', erasure: 'keep' },
    },
  },
  tables: {
    scim_tokens: {
      kind: 'tenant',
      resource: 'scim-token',
      rows: {
        select: ['sso:read', 'sso:update', 'retention:preview', 'retention:run'],
        insert: 'sso:update',
        update: 'sso:update',
      },
      retention: { policies: ['scim_tokens.ended'] },
    },
    scim_users: {
      kind: 'tenant',
      rows: { select: 'sso:read' },
      retention: { reason: 'lives until the directory deletes it, or as long as the connection' },
    },
    scim_groups: {
      kind: 'tenant',
      rows: { select: 'sso:read' },
      retention: { reason: 'lives until the directory deletes it, or as long as the connection' },
    },
    scim_group_members: {
      kind: 'tenant',
      rows: { select: 'sso:read' },
      retention: { reason: 'lives as long as the group and the member in it' },
    },
  },
  resources: {
    'scim-group': { description: 'A group that a SCIM client provisioned' },
  },
  controls: {
    'scim.provisioning-alone': {
      claims: ['V'],
      description:
        "A directory's token reaches what that directory has said itself, through functions of its own, and no " +
        'row of any table.',
    },
    'scim.leavers': {
      claims: ['V'],
      description:
        'Deactivation in any shape ends membership, sessions and keys with the same request; a change of ' +
        'groups changes the role and ends the sessions.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    scim: typeof scimFeature;
  }
}
