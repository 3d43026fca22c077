import { defineFeature } from '../../../platform/feature/define-feature.js';

export const recoveryFeature = defineFeature({
  name: 'recovery',
  description: 'Password reset by mail, verification of e-mail addresses, and mails about lockouts.',
  events: {
    'auth.password_reset_requested': {
      category: 'sign-in',
      severity: 'info',
      description:
        'A caller requested a password reset mail for a known or unknown e-mail address. The outcome is not success, ' +
        'because the caller is not authenticated.',
    },
    'auth.email_verification_requested': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user requested a mail that verifies their e-mail address.',
    },
    'auth.account_mail_sent': {
      category: 'sign-in',
      severity: 'info',
      description: 'The worker sent a mail about an account to the mail server.',
      meta: { kind: 'code' },
    },
    'auth.password_reset': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user reset their password with a mailed token. All sessions of the user ended.',
    },
    'auth.password_reset_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A caller presented an invalid password reset token.',
    },
    'auth.email_verified': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user verified their e-mail address.',
    },
  },
  errors: {
    token_invalid: {
      status: 404,
      title: 'The link is invalid or has expired',
      advice: 'A link works once. Request a new one.',
    },
  },
  jobs: {
    'account.mail': {
      description: 'Resolves the recipient of a mail about an account, generates its token, and sends the mail.',
      attempts: 8,
      backoffSeconds: 15,
      timeoutSeconds: 60,
      concurrency: 2,
    },
    'account.sweep': {
      description: 'Deletes outdated sign-in failures, lockouts, and mails.',
      attempts: 5,
      backoffSeconds: 60,
      timeoutSeconds: 300,
      concurrency: 1,
    },
  },
  schedules: {
    'account.sweep': {
      description: 'Deletes outdated sign-in failures, lockouts, and mails.',
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
        'The worker generates the tokens that reset a password or verify an e-mail address when it sends the mail. A ' +
        'token works once and expires. The database stores its SHA-256 digest.',
    },
    'recovery.no-oracle': {
      claims: ['E8'],
      description:
        'A request for a mail looks up no user. Known and unknown e-mail addresses take the same steps, and only the ' +
        'worker resolves the address.',
    },
    'recovery.ends-sessions': {
      claims: ['E9'],
      description: 'A password reset ends all sessions and all other tokens of the user immediately.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    recovery: typeof recoveryFeature;
  }
}
