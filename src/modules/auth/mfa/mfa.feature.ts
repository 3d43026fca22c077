import { defineFeature } from '../../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../../platform/feature/roles.js';

export const factorsFeature = defineFeature({
  name: 'factors',
  description: 'MFA: authenticator apps, passkeys, recovery codes, remembered devices, and step-up.',
  permissions: {
    'membership:reset-factors': {
      category: 'Members',
      description: 'Reset the second factors of a member who lost them.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'auth.mfa_challenged': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user entered the correct password. The server requested a second factor.',
    },
    'auth.factor_enrollment_started': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user started to enroll a second factor.',
      meta: { kind: 'code' },
    },
    'auth.factor_enrolled': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user enrolled a second factor.',
      meta: { kind: 'code' },
    },
    'auth.factor_removed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A user removed one of their second factors.',
      meta: { kind: 'code' },
    },
    'auth.recovery_codes_generated': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user generated recovery codes. All earlier codes of the user stopped working.',
      meta: { count: 'count' },
    },
    'auth.recovery_code_used': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A user authenticated with a recovery code.',
    },
    'auth.passkey_renamed': { category: 'sign-in', severity: 'info', description: 'A user renamed a passkey.' },
    'auth.passkey_clone_suspected': {
      category: 'sign-in',
      severity: 'warning',
      description:
        'A client presented a passkey with a counter that was used before. A clone of the passkey may exist.',
    },
    'auth.step_up_completed': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user confirmed their identity again.',
      meta: { method: 'code' },
    },
    'auth.step_up_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A user failed to confirm their identity.',
    },
    'auth.device_remembered': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user chose to remember a device. It needs no second factor for a limited time.',
    },
    'auth.device_forgotten': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user removed a remembered device.',
    },
    'auth.factors_reset': {
      category: 'members',
      severity: 'warning',
      description: "A member or an operator reset all second factors of a member. The member's sessions ended.",
    },
    'auth.factors_reset_mailed': {
      category: 'members',
      severity: 'info',
      description: 'The worker notified a member by mail that their second factors were reset.',
    },
  },
  errors: {
    mfa_required: { status: 401, title: 'Enter your second factor' },
    mfa_failed: { status: 401, title: 'The second factor is incorrect' },
    sign_in_expired: { status: 401, title: 'The sign-in has expired: start again' },
    passkey_verification_failed: { status: 401, title: 'The passkey could not be verified' },
    step_up_failed: { status: 403, title: 'Identity confirmation failed' },
    reauthenticate_at_idp: { status: 409, title: 'Sign in again at your identity provider' },
    invalid_code: { status: 403, title: 'The code is incorrect' },
    totp_already_enrolled: { status: 409, title: 'An authenticator app is already enrolled' },
    no_factor_enrolled: { status: 409, title: 'No second factor is enrolled' },
    last_factor_required: {
      status: 409,
      title: 'Your organization requires a second factor: enroll another one first',
    },
    passkey_already_enrolled: { status: 409, title: 'This passkey is already enrolled' },
    passkey_limit_reached: { status: 409, title: 'You can enroll at most ten passkeys' },
    factors_unreadable: {
      status: 409,
      title: 'Your second factors cannot be read: ask an administrator to reset them',
    },
    factor_reset_not_allowed: { status: 409, title: 'Only an operator can reset the factors of this member' },
  },
  jobs: {
    'factors.mail': {
      description: 'Notifies a member by mail that their second factors were reset.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['membership:reset-factors'],
    },
    'sign-ins.sweep': {
      description: 'Deletes expired pending sign-ins, unfinished enrollments, and expired devices.',
      attempts: 5,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'sign-ins.sweep': {
      description: 'Deletes expired pending sign-ins, unfinished enrollments, and expired devices.',
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
        'TOTP follows RFC 6238 with SHA-1, six digits, and a tolerance of one time step. A code works only once. The ' +
        'secret is encrypted. The database accepts a code only with a proof of its decryption.',
    },
    'factors.recovery-codes': {
      claims: ['E4', 'E6'],
      description:
        'A user has ten recovery codes. The API returns them once, and each code works once. The database finds a ' +
        'code by an HMAC and compares a slow hash.',
    },
    'factors.enforced': {
      claims: ['E6', 'C8'],
      description: 'If an organization requires MFA, a member without a second factor can only enroll one.',
    },
    'factors.lockout': {
      claims: ['E7'],
      description: 'Wrong factors and wrong passwords count toward the same lockout, at sign-in and at step-up.',
    },
    'factors.passkeys': {
      claims: ['V'],
      description:
        'Passkeys use WebAuthn with user verification. A challenge is bound to one browser and works once. A counter ' +
        'that does not increase is rejected and recorded.',
    },
    'factors.step-up': {
      claims: ['V'],
      description:
        'Step-up requires a second factor from every user who has one. A session gets a new secret whenever its ' +
        'authentication level changes.',
    },
    'factors.devices': {
      claims: ['E6'],
      description:
        'A device is remembered only if the organization allows it. It never replaces the password or a step-up.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    factors: typeof factorsFeature;
  }
}
