import { defineFeature } from '../../../platform/feature/define-feature.js';

const WATCHED = { category: 'sign-in', realtime: { permission: 'audit:read' } } as const;

export const signInAlertsFeature = defineFeature({
  name: 'sign-in-watch',
  description:
    'Sign-ins that are unlike those before: noticed in the database, told to the user by mail and to the ' +
    'organization in its log.',
  events: {
    'auth.new_device': {
      ...WATCHED,
      severity: 'notice',
      description: 'Somebody signed in from a browser that they were not known by.',
      meta: { sessionId: 'id', device: 'code' },
    },
    'auth.new_location': {
      ...WATCHED,
      severity: 'warning',
      description: 'Somebody signed in from a country that they had not signed in from.',
      meta: { sessionId: 'id', country: 'code' },
    },
    'auth.impossible_travel': {
      ...WATCHED,
      severity: 'critical',
      description:
        'Nobody travels so far in that time. The session has to prove itself before anything that asks for a ' +
        'fresh sign-in.',
      meta: { sessionId: 'id', from: 'code', to: 'code', minutes: 'count' },
    },
    'auth.brute_force_suspected': {
      ...WATCHED,
      severity: 'critical',
      description: 'Many wrong passwords from one address, or for one account.',
      meta: { of: 'code', failures: 'count', accounts: 'count' },
    },
  },
  jobs: {
    'auth.record_sign_in_alert': {
      description: 'Writes down what is unusual about a sign-in.',
      attempts: 8,
      backoffSeconds: 5,
      timeoutSeconds: 30,
      concurrency: 2,
    },
    'auth.mail_sign_in_alert': {
      description: 'Tells a user by mail of an unusual sign-in.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'auth.record_brute_force': {
      description: 'Writes down that many sign-ins fail.',
      attempts: 8,
      backoffSeconds: 5,
      timeoutSeconds: 30,
      concurrency: 2,
    },
  },
  retention: {
    'known_sign_in_signals.old': {
      description: 'Devices and countries nobody has signed in from for half a year',
      table: 'known_sign_in_signals',
      ageColumn: 'last_seen_at',
      days: 180,
      floorDays: 1,
      action: 'delete',
    },
    'sign_in_failures.old': {
      description: 'Failed sign-ins, as they are counted',
      table: 'sign_in_failures',
      ageColumn: 'failed_at',
      days: 1,
      floorDays: 1,
      action: 'delete',
    },
  },
  personalData: {
    known_sign_in_signals: { digest: { class: 'PII', erasure: 'delete' } },
    sign_in_failures: {
      address_mark: { class: 'PII', erasure: 'delete' },
      account_mark: { class: 'PII', erasure: 'delete' },
    },
  },
  tables: {
    known_sign_in_signals: {
      kind: 'tenant',
      rows: { select: ['retention:preview', 'retention:run'] },
      retention: { policies: ['known_sign_in_signals.old'] },
    },
    sign_in_failures: {
      kind: 'tenant',
      rows: { select: ['retention:preview', 'retention:run'] },
      retention: { policies: ['sign_in_failures.old'] },
    },
  },
  controls: {
    'watch.sign-ins': {
      claims: ['S7'],
      description:
        'New devices and countries, impossible travel and many failures are noticed where sessions are opened ' +
        'and failures counted.',
    },
    'watch.response': {
      claims: ['S7'],
      description:
        'A session after impossible travel does nothing that asks for a fresh sign-in until it is proved anew.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    'sign-in-watch': typeof signInAlertsFeature;
  }
}
