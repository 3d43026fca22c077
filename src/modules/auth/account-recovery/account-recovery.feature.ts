import { defineFeature } from '../../../platform/feature/define-feature.js';

export const recoveryFeature = defineFeature({
  name: 'recovery',
  description: 'Setting a password and confirming an address by mail, and word of a lock.',
  events: {
    'auth.password_reset_requested': {
      category: 'sign-in',
      severity: 'info',
      description:
        'Somebody asked for a mail to set a password, for an address that may or may not be known. No success: ' +
        'who asks has shown nothing.',
    },
    'auth.email_verification_requested': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user asked for a mail to confirm the address.',
    },
    'auth.account_mail_sent': {
      category: 'sign-in',
      severity: 'info',
      description: 'A mail about an account was handed to the mail server.',
      meta: { kind: 'code' },
    },
    'auth.password_reset': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A password was set with the token of a mail; all sessions ended.',
    },
    'auth.password_reset_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A token was tried that sets no password.',
    },
    'auth.email_verified': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user has shown that the address is theirs.',
    },
  },
  errors: {
    token_invalid: { status: 404, title: 'This link is not, or no longer, good for anything' },
  },
  jobs: {
    'account.mail': {
      description: 'Finds whom a mail about an account is for, makes its token, and sends it.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'account.sweep': {
      description: 'Forgets failures, locks and mails that count no more.',
      attempts: 5,
      backoffSeconds: 60,
      timeoutSeconds: 300,
      concurrency: 1,
    },
  },
  schedules: {
    'account.sweep': {
      description: 'Forgets failures, locks and mails that count no more.',
      cron: '25 * * * *',
      timezone: 'UTC',
      job: 'account.sweep',
      per: 'installation',
    },
  },
  controls: {
    'recovery.token': {
      claims: ['E4'],
      description:
        'Tokens to set a password or confirm an address are made when they are mailed, good once and for a ' +
        'while, and kept as SHA-256.',
    },
    'recovery.no-oracle': {
      claims: ['E8'],
      description:
        'Asking for a mail looks up nobody: known and unknown addresses take the same steps, and the worker finds out.',
    },
    'recovery.ends-sessions': {
      claims: ['E9'],
      description: 'A password that is reset ends every session and every other token at once.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    recovery: typeof recoveryFeature;
  }
}
