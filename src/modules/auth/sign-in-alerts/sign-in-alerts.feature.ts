import { defineFeature } from '../../../platform/feature/define-feature.js';

const SIGN_IN_ALERT = { category: 'sign-in', realtime: { permission: 'audit:read' } } as const;

export const signInAlertsFeature = defineFeature({
  name: 'sign-in-watch',
  description: 'The database detects unusual sign-ins. The user gets a mail, and the organization gets an audit event.',
  events: {
    'auth.new_device': {
      ...SIGN_IN_ALERT,
      severity: 'notice',
      description: 'A user signed in from a new browser.',
      meta: { sessionId: 'id', device: 'code' },
    },
    'auth.new_location': {
      ...SIGN_IN_ALERT,
      severity: 'warning',
      description: 'A user signed in from a new country.',
      meta: { sessionId: 'id', country: 'code' },
    },
    'auth.impossible_travel': {
      ...SIGN_IN_ALERT,
      severity: 'critical',
      description:
        'A user signed in from a location too far away to reach in the time since the last sign-in. The session must ' +
        'complete a step-up before any action that requires recent authentication.',
      meta: { sessionId: 'id', from: 'code', to: 'code', minutes: 'count' },
    },
    'auth.brute_force_suspected': {
      ...SIGN_IN_ALERT,
      severity: 'critical',
      description: 'A client entered many wrong passwords from one IP or for one account.',
      meta: { of: 'code', failures: 'count', accounts: 'count' },
    },
  },
  jobs: {
    'auth.record_sign_in_alert': {
      description: 'Records audit events about an unusual sign-in.',
      attempts: 8,
      backoffSeconds: 5,
      timeoutSeconds: 30,
      concurrency: 2,
    },
    'auth.mail_sign_in_alert': {
      description: 'Notifies a user by mail about an unusual sign-in.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'auth.record_brute_force': {
      description: 'Records an audit event about many failed sign-ins.',
      attempts: 8,
      backoffSeconds: 5,
      timeoutSeconds: 30,
      concurrency: 2,
    },
  },
  retention: {
    'known_sign_in_signals.old': {
      description: "Members' devices and countries without a sign-in for half a year",
      table: 'known_sign_in_signals',
      ageColumn: 'last_seen_at',
      days: 180,
      floorDays: 1,
      action: 'delete',
    },
    'sign_in_failures.old': {
      description: 'Failed sign-ins that are counted to detect brute force',
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
        'The database detects new devices, new countries, impossible travel, and many failures in the functions that ' +
        'open sessions and count failures.',
    },
    'watch.response': {
      claims: ['S7'],
      description:
        'After impossible travel, a session cannot perform actions that require recent authentication until the user ' +
        'completes a step-up.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    'sign-in-watch': typeof signInAlertsFeature;
  }
}
