import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const invitesFeature = defineFeature({
  name: 'invites',
  description: 'Invitations by e-mail to become a member, in a role that the inviter may grant.',
  permissions: {
    'invite:read': {
      category: 'Members',
      description: 'List invites with their status.',
      scopes: { org: MANAGER_ROLES },
    },
    'invite:create': {
      category: 'Members',
      description: 'Invite people to become members.',
      scopes: { org: MANAGER_ROLES },
    },
    'invite:resend': {
      category: 'Members',
      description: 'Resend an invite with a new expiry of one week.',
      scopes: { org: MANAGER_ROLES },
    },
    'invite:revoke': {
      category: 'Members',
      description: 'Revoke an invite.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'invite.created': {
      category: 'members',
      severity: 'notice',
      description: 'A member invited a person to become a member.',
      meta: { role: 'role', personId: 'id' },
    },
    'invite.sent': {
      category: 'members',
      severity: 'info',
      description: 'The mail server accepted the mail of an invite.',
    },
    'invite.resent': {
      category: 'members',
      severity: 'notice',
      description: "A member resent an invite in that member's own name. The previous link no longer works.",
      meta: { role: 'role' },
    },
    'invite.revoked': {
      category: 'members',
      severity: 'notice',
      description: 'A member revoked an invite. Its link no longer works.',
    },
    'invite.accepted': {
      category: 'members',
      severity: 'notice',
      description: 'An invitee accepted an invite and became a member.',
      meta: { role: 'role', membershipId: 'id', userId: 'id' },
    },
    'invite.acceptance_failed': {
      category: 'members',
      severity: 'warning',
      description: 'A user failed to accept a genuine invite. The event contains the reason.',
      meta: { reason: 'code' },
    },
  },
  errors: {
    invite_invalid: {
      status: 404,
      title: 'The invite is invalid or has expired',
      advice: 'An invite works once. If you accepted it, sign in. Otherwise ask the sender for a new one.',
    },
    invite_not_pending: { status: 409, title: 'The invite has already been accepted or revoked' },
    invites_disabled: { status: 409, title: 'This organization adds members through single sign-on only' },
    invite_already_accepted: { status: 409, title: 'You have accepted the invite: sign in' },
    sign_in_to_accept: { status: 409, title: 'You have an account: sign in to accept the invite' },
  },
  jobs: {
    'invite.send': {
      description: 'Creates the token of an invite and mails it.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['invite:create', 'invite:resend'],
    },
  },
  retention: {
    'invites.expired': {
      description: 'Expired invites, accepted or not. The audit log still shows who invited and who accepted',
      table: 'invites',
      ageColumn: 'expires_at',
      days: 30,
      floorDays: 0,
      action: 'delete',
    },
  },
  personalData: {
    invites: {
      email: { class: 'PII', erasure: 'delete' },
      name: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    invites: {
      kind: 'tenant',
      resource: 'invite',
      retention: { policies: ['invites.expired'] },
      rows: {
        select: ['invite:read', 'invite:create', 'invite:resend', 'invite:revoke'],
        insert: 'invite:create',
        update: ['invite:resend', 'invite:revoke'],
      },
    },
  },
  controls: {
    'invites.token': {
      claims: ['C16', 'E4'],
      description:
        'An invite is signed for one e-mail address and role. It works once within a week. Only its digest is ' +
        'stored. ' +
        'The same form sent twice gets a notice, but no second session.',
    },
    'invites.no-oracle': {
      claims: ['E8'],
      description: 'An invite does not reveal accounts. Invalid tokens take the same time and get the same answer.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    invites: typeof invitesFeature;
  }
}
