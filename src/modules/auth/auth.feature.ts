import { defineFeature } from '../../platform/feature/define-feature.js';

export const authFeature = defineFeature({
  name: 'auth',
  description: "Sign-in by password and by an institution's single sign-on, and the sessions that follow.",
  events: {
    'auth.signed_in': {
      category: 'sign-in',
      severity: 'info',
      description: 'Somebody signed in.',
      meta: { method: 'code', factor: 'code' },
    },
    'auth.sign_in_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A sign-in was refused.',
      meta: { method: 'code', reason: 'code' },
    },
    'auth.locked': {
      category: 'sign-in',
      severity: 'warning',
      description: 'Sign-in was locked after repeated failures.',
    },
    'auth.signed_out': { category: 'sign-in', severity: 'info', description: 'Somebody signed out.' },
    'auth.organization_left': {
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
    'auth.break_glass_sign_in': {
      category: 'sign-in',
      severity: 'critical',
      description: 'Whoever leads came in by a sign-in of their own where single sign-on is enforced.',
      meta: { sessionId: 'id', membershipId: 'id' },
    },
    'auth.password_changed': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user changed the password; all other sessions ended.',
    },
  },
  errors: {
    invalid_credentials: { status: 401, title: 'E-mail address or password is wrong' },
    account_locked: { status: 429, title: 'Sign-in is locked after repeated failures' },
    weak_password: { status: 400, title: 'The password does not meet the policy' },
    sign_in_required: { status: 403, title: 'Sign in to that organization itself' },
    sso_refused: { status: 403, title: 'The single sign-on was not accepted' },
    busy: { status: 503, title: 'Too many passwords are being checked at this moment' },
    wrong_password: { status: 403, title: 'The current password is wrong' },
  },
  jobs: {
    'auth.tell_break_glass': {
      description: 'Writes a sign-in past single sign-on into the log, and tells the others who lead.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 1,
    },
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
        own: { column: 'membership_id', may: ['select', 'update'] },
        select: ['membership:update', 'membership:end', 'retention:preview', 'retention:run'],
        update: ['membership:update', 'membership:end'],
      },
      retention: { policies: ['sessions.expired'] },
    },
  },
  resources: {
    email: { description: 'An e-mail address that belongs to no user, as a keyed digest' },
  },
  controls: {
    'auth.session-cookie': {
      claims: ['M13', 'E9'],
      description: 'A signed token in an HttpOnly cookie, tied to a session row that every request checks.',
    },
    'auth.password': {
      claims: ['E5'],
      description: 'Argon2id, evaluated by the application, compared by the database.',
    },
    'auth.password-policy': {
      claims: ['E5'],
      description: 'Length, kinds of characters, a list of what is tried first, and no name or address of the owner.',
    },
    'auth.switching': {
      claims: ['C1'],
      description:
        "A session moves on to memberships of its user alone, and an identity provider's only where the organization trusts it.",
    },
    'auth.lockout': {
      claims: ['E7'],
      description: 'Five failures lock for fifteen minutes, counted by one atomic statement before evaluation.',
    },
    'auth.no-oracle': {
      claims: ['E8'],
      description: 'Unknown addresses cost and answer the same; limits shared by all processes.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    auth: typeof authFeature;
  }
}
