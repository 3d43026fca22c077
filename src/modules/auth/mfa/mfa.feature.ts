import { defineFeature } from '../../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../../platform/feature/roles.js';

export const factorsFeature = defineFeature({
  name: 'factors',
  description: 'Second factors: time-based codes, passkeys, recovery codes, remembered devices; and stepping up.',
  permissions: {
    'membership:reset-factors': {
      category: 'Members',
      description: 'Take second factors from a member who has lost them.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'auth.mfa_challenged': {
      category: 'sign-in',
      severity: 'info',
      description: 'A password was right, and the second factor is asked for.',
    },
    'auth.factor_enrollment_started': {
      category: 'sign-in',
      severity: 'info',
      description: 'Somebody began to enrol a second factor.',
      meta: { kind: 'code' },
    },
    'auth.factor_enrolled': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A second factor was enrolled.',
      meta: { kind: 'code' },
    },
    'auth.factor_removed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A second factor was removed by its user.',
      meta: { kind: 'code' },
    },
    'auth.recovery_codes_generated': {
      category: 'sign-in',
      severity: 'notice',
      description: 'Recovery codes were made; earlier ones are worth nothing.',
      meta: { count: 'count' },
    },
    'auth.recovery_code_used': { category: 'sign-in', severity: 'warning', description: 'A recovery code was used.' },
    'auth.passkey_renamed': { category: 'sign-in', severity: 'info', description: 'A passkey was given another name.' },
    'auth.passkey_clone_suspected': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A passkey answered with a count that was used before: there may be a copy of it.',
    },
    'auth.step_up_completed': {
      category: 'sign-in',
      severity: 'info',
      description: 'Somebody showed once more who they are.',
      meta: { method: 'code' },
    },
    'auth.step_up_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'Somebody failed to show once more who they are.',
    },
    'auth.device_remembered': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A device was remembered: for a while it shows no second factor.',
    },
    'auth.device_forgotten': {
      category: 'sign-in',
      severity: 'info',
      description: 'A remembered device was forgotten.',
    },
    'auth.factors_reset': {
      category: 'members',
      severity: 'warning',
      description: 'All second factors were taken from a member, and their sessions ended.',
    },
    'auth.factors_reset_mailed': {
      category: 'members',
      severity: 'info',
      description: 'A member was told that their second factors were taken away.',
    },
  },
  errors: {
    mfa_required: { status: 401, title: 'Show your second factor' },
    mfa_failed: { status: 401, title: 'The second factor was not accepted' },
    sign_in_expired: { status: 401, title: 'This sign-in is over: begin again' },
    passkey_verification_failed: { status: 401, title: 'The passkey was not accepted' },
    step_up_failed: { status: 403, title: 'That does not show who you are' },
    reauthenticate_at_idp: { status: 409, title: 'Sign in again at your identity provider' },
    invalid_code: { status: 403, title: 'The code is not right' },
    totp_already_enrolled: { status: 409, title: 'Codes are enrolled already' },
    no_factor_enrolled: { status: 409, title: 'There is no second factor' },
    last_factor_required: { status: 409, title: 'An organization of yours asks for a second factor' },
    passkey_already_enrolled: { status: 409, title: 'This passkey is enrolled already' },
    passkey_limit_reached: { status: 409, title: 'Ten passkeys are the most' },
    factor_reset_not_allowed: { status: 409, title: 'Only an operator can reset the factors of this member' },
  },
  jobs: {
    'factors.mail': {
      description: 'Tells a member that their second factors were taken away.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['membership:reset-factors'],
    },
    'sign-ins.sweep': {
      description: 'Removes sign-ins and enrolments that have lapsed, and devices whose time is over.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'sign-ins.sweep': {
      description: 'What has lapsed of sign-ins',
      cron: '20 * * * *',
      timezone: 'UTC',
      job: 'sign-ins.sweep',
      per: 'installation',
    },
  },
  resources: {
    passkey: { description: 'A passkey of a user' },
    device: { description: 'A device that a user chose to remember' },
  },
  controls: {
    'factors.totp': {
      claims: ['E6', 'C8'],
      description:
        'RFC 6238, SHA-1, six digits, one step either way, no code twice; the secret lies sealed and the ' +
        'database asks for a proof that was sealed with it.',
    },
    'factors.recovery-codes': {
      claims: ['E4', 'E6'],
      description: 'Ten, shown once, each good once: found by an HMAC, compared by a slow hash in the database.',
    },
    'factors.enforced': {
      claims: ['E6', 'C8'],
      description: 'Where an organization asks for a second factor, a member without one can only enrol.',
    },
    'factors.lockout': {
      claims: ['E7'],
      description: 'Wrong factors count in the same lock as wrong passwords, at sign-in and at step-up.',
    },
    'factors.passkeys': {
      claims: ['V'],
      description:
        'WebAuthn with user verification; challenges of one browser, good once; a count that does not grow is ' +
        'refused and recorded.',
    },
    'factors.step-up': {
      claims: ['V'],
      description: 'Whoever has a factor shows it again, and every change of what a session may gives it a new secret.',
    },
    'factors.devices': {
      claims: ['E6'],
      description:
        'A device is remembered only where the organization allows it, and never for the password or a step-up.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    factors: typeof factorsFeature;
  }
}
