import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const invitesFeature = defineFeature({
  name: 'invites',
  description: 'Invitations by mail to become a member, in a role that the inviter could give.',
  permissions: {
    'invite:read': {
      category: 'Members',
      description: 'See invites and what became of them.',
      scopes: { org: MANAGER_ROLES },
    },
    'invite:create': {
      category: 'Members',
      description: 'Invite people to become members.',
      scopes: { org: MANAGER_ROLES },
    },
    'invite:resend': {
      category: 'Members',
      description: 'Send an invite again, for another week.',
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
      description: 'Somebody was invited to become a member.',
      meta: { role: 'code', personId: 'id' },
    },
    'invite.sent': {
      category: 'members',
      severity: 'info',
      description: 'The mail of an invite was handed to the mail server.',
    },
    'invite.resent': {
      category: 'members',
      severity: 'notice',
      description: 'An invite was asked to be sent again, in the name of whoever asked; its old link is dead.',
      meta: { role: 'code' },
    },
    'invite.revoked': {
      category: 'members',
      severity: 'notice',
      description: 'An invite was revoked; its link is dead.',
    },
    'invite.accepted': {
      category: 'members',
      severity: 'notice',
      description: 'An invite was accepted: its addressee is a member.',
      meta: { role: 'code', membershipId: 'id', userId: 'id' },
    },
    'invite.acceptance_failed': {
      category: 'members',
      severity: 'warning',
      description: 'A genuine invite was tried and is not open.',
      meta: { reason: 'code' },
    },
  },
  errors: {
    invite_invalid: { status: 404, title: 'This invite is not, or no longer, good for anything' },
    invite_not_pending: { status: 409, title: 'The invite was accepted or revoked already' },
    invites_disabled: { status: 409, title: 'Members of this organization come in by single sign-on' },
    sign_in_to_accept: { status: 409, title: 'You have an account: sign in to accept the invite' },
  },
  jobs: {
    'invite.send': {
      description: 'Makes the token of an invite and mails it.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['invite:create', 'invite:resend'],
    },
  },
  retention: {
    'invites.expired': {
      description: 'Invites whose time is over, accepted or not; the log keeps who invited and who came',
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
        'Signed, for one address and role, for a week and once; made when it is mailed and kept as a digest.',
    },
    'invites.no-oracle': {
      claims: ['E8'],
      description: 'Inviting tells nothing of accounts; tokens that open nothing cost and answer the same.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    invites: typeof invitesFeature;
  }
}
