import { defineFeature } from '../../../platform/feature/define-feature.js';

export const sessionsFeature = defineFeature({
  name: 'sessions',
  description: 'Sessions, their cookie, and the switch between organizations.',
  events: {
    'auth.signed_out': { category: 'sign-in', severity: 'info', description: 'Somebody signed out.' },
    'auth.organization_switched': {
      category: 'sign-in',
      severity: 'info',
      description: 'Somebody went on to another of their organizations.',
    },
    'auth.session_revoked': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A session was ended by its user.',
    },
    'auth.other_sessions_revoked': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user ended all other sessions of theirs.',
      meta: { sessions: 'count' },
    },
  },
  errors: {
    organization_sign_in_required: { status: 403, title: 'Sign in to that organization itself' },
  },
  retention: {
    'sessions.expired': {
      description: 'Sessions that have ended by their time',
      table: 'sessions',
      ageColumn: 'expires_at',
      days: 1,
      floorDays: 0,
      action: 'delete',
    },
  },
  personalData: {
    sessions: {
      ip: { class: 'PII', erasure: 'delete' },
      user_agent: { class: 'PII', erasure: 'delete' },
      idp_subject: { class: 'PII', erasure: 'delete' },
      country: { class: 'PII', erasure: 'delete' },
      latitude: { class: 'PII', erasure: 'delete' },
      longitude: { class: 'PII', erasure: 'delete' },
      radius_km: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    sessions: {
      kind: 'tenant',
      resource: 'session',
      rows: {
        own: { column: 'membership_id', commands: ['select', 'update'] },
        select: ['membership:update', 'membership:end', 'retention:preview', 'retention:run'],
        update: ['membership:update', 'membership:end'],
      },
      retention: { policies: ['sessions.expired'] },
    },
  },
  controls: {
    'auth.session-cookie': {
      claims: ['M13', 'E9'],
      description: 'A signed token in an HttpOnly cookie, tied to a session row that every request checks.',
    },
    'auth.switching': {
      claims: ['C1'],
      description:
        "A session moves on to memberships of its user alone, and an identity provider's only where the organization trusts it.",
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sessions: typeof sessionsFeature;
  }
}
