import { defineFeature } from '../../../platform/feature/define-feature.js';

export const sessionsFeature = defineFeature({
  name: 'sessions',
  description: 'Sessions, the session cookie, and switching between organizations.',
  events: {
    'auth.signed_out': { category: 'sign-in', severity: 'info', description: 'A user signed out.' },
    'auth.organization_switched': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user switched to another of their organizations.',
    },
    'auth.session_revoked': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user revoked one of their sessions.',
    },
    'auth.other_sessions_revoked': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user revoked all of their other sessions.',
      meta: { sessions: 'count' },
    },
  },
  errors: {
    organization_sign_in_required: { status: 403, title: 'Sign in to that organization to continue' },
  },
  retention: {
    'sessions.expired': {
      description: 'Expired sessions',
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
      logout_hint_enc: { class: 'PII', erasure: 'delete' },
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
      description: 'The session cookie is an HttpOnly signed token. Every request checks the session row behind it.',
    },
    'auth.switching': {
      claims: ['C1'],
      description:
        'A session switches only to memberships of its user. A session from an identity provider switches only to ' +
        'organizations that trust this provider.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    sessions: typeof sessionsFeature;
  }
}
