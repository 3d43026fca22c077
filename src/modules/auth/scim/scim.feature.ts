import { defineFeature } from '../../../platform/feature/define-feature.js';

const MEMBER_CHANNEL = { permission: 'membership:read' } as const;

export const scimFeature = defineFeature({
  name: 'scim',
  description:
    'SCIM 2.0 provisioning: the directory of an institution creates, changes, and ends memberships. Its groups ' +
    "determine the members' roles.",
  events: {
    'scim.token_created': {
      category: 'provisioning',
      severity: 'warning',
      description: 'A member or an operator created a SCIM token.',
      meta: { connectionId: 'id', expiresAt: 'time' },
    },
    'scim.token_revoked': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A member revoked a SCIM token.',
      meta: { connectionId: 'id' },
    },
    'scim.read': {
      category: 'provisioning',
      severity: 'info',
      description: 'A SCIM client read users or groups of its directory.',
      meta: { resource: 'code', count: 'count' },
    },
    'scim.user_provisioned': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A SCIM client created a member.',
      meta: { role: 'role' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.user_linked': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A SCIM client took over the provisioning of an existing member.',
      meta: { role: 'role' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.user_updated': {
      category: 'provisioning',
      severity: 'info',
      description: 'A SCIM client changed the data of a member.',
      meta: { fields: 'codes' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.user_deactivated': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A SCIM client ended a membership. The sessions and API keys of the membership ended too.',
      meta: { reason: 'code' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.user_reactivated': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A SCIM client reactivated a membership.',
      meta: { role: 'role' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.user_deleted': {
      category: 'provisioning',
      severity: 'notice',
      description: 'A SCIM client deleted a member from its directory.',
      realtime: MEMBER_CHANNEL,
    },
    'scim.role_changed': {
      category: 'provisioning',
      severity: 'notice',
      description: "A SCIM client changed a member's groups. The change also changed the member's role.",
      meta: { from: 'role', to: 'role' },
      realtime: MEMBER_CHANNEL,
    },
    'scim.group_created': {
      category: 'provisioning',
      severity: 'info',
      description: 'A SCIM client created a group.',
      meta: { members: 'count' },
    },
    'scim.group_updated': {
      category: 'provisioning',
      severity: 'info',
      description: 'A SCIM client changed a group.',
      meta: { members: 'count' },
    },
    'scim.group_deleted': { category: 'provisioning', severity: 'info', description: 'A SCIM client deleted a group.' },
  },
  jobs: {
    'scim.settle': {
      description: 'Changes the roles of up to 100 members whose SCIM groups changed. It continues in another job.',
      attempts: 8,
      backoffSeconds: 5,
      timeoutSeconds: 60,
      concurrency: 2,
    },
  },
  errors: {
    scim_token_limit_reached: { status: 409, title: 'The connection already has two tokens: revoke one first' },
    scim_invalid_filter: { status: 400, title: 'The filter is not valid or not supported', scimType: 'invalidFilter' },
    scim_invalid_syntax: {
      status: 400,
      title: 'The request does not have the format that SCIM requires',
      scimType: 'invalidSyntax',
    },
    scim_invalid_path: { status: 400, title: 'The path is not valid', scimType: 'invalidPath' },
    scim_invalid_value: { status: 400, title: 'A value is missing or not valid', scimType: 'invalidValue' },
    scim_unknown_member: {
      status: 400,
      title: 'A member of the group is not a user of this directory',
      scimType: 'invalidValue',
    },
    scim_no_target: { status: 400, title: 'The path matches no attribute', scimType: 'noTarget' },
    scim_mutability: { status: 400, title: 'The attribute cannot be changed', scimType: 'mutability' },
    scim_uniqueness: {
      status: 409,
      title: 'Another resource has this userName or displayName',
      scimType: 'uniqueness',
    },
    scim_account_exists: {
      status: 409,
      title: 'The e-mail address belongs to an account that this directory cannot manage',
      scimType: 'uniqueness',
    },
    scim_precondition_failed: { status: 412, title: 'The resource has changed since the client read it' },
  },
  retention: {
    'scim_tokens.ended': {
      description: 'SCIM tokens that expired more than a year ago. Audit events refer to younger tokens by id',
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
      emails: { class: 'PII', erasure: 'delete' },
      attributes: { class: 'PII', erasure: 'delete' },
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
      retention: { reason: 'lives as long as both the group and the member' },
    },
  },
  resources: {
    'scim-group': { description: 'A group that a SCIM client provisioned' },
  },
  controls: {
    'scim.provisioning-alone': {
      claims: ['V'],
      description:
        'A SCIM token reaches only the data of its own directory, through dedicated functions. It cannot access any ' +
        'table.',
    },
    'scim.leavers': {
      claims: ['V'],
      description:
        'Every form of deactivation ends the membership, its sessions, and its API keys in the same request. A ' +
        'change of groups ends the sessions in the same request and changes the role.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    scim: typeof scimFeature;
  }
}
