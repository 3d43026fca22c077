import { defineFeature } from '../../../platform/feature/define-feature.js';

export const passwordsFeature = defineFeature({
  name: 'passwords',
  description: 'Password hashing, the password policy, and the lockout after failed sign-ins.',
  events: {
    'auth.locked': {
      category: 'sign-in',
      severity: 'warning',
      description: 'The server locked sign-in after repeated failures.',
    },
    'auth.password_changed': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user changed their password. All other sessions of the user ended.',
    },
  },
  errors: {
    account_locked: { status: 429, title: 'Sign-in is locked after repeated failures' },
    weak_password: { status: 400, title: 'The password does not meet the policy' },
    server_busy: { status: 503, title: 'The server is busy: try again in a few seconds' },
    wrong_password: { status: 403, title: 'The current password is incorrect' },
  },
  controls: {
    'auth.password': {
      claims: ['E5'],
      description: 'The application hashes passwords with Argon2id. The database compares the verifiers.',
    },
    'auth.password-policy': {
      claims: ['E5'],
      description:
        'The policy sets the length and the kinds of characters. It rejects common passwords and passwords that ' +
        "contain the owner's name or e-mail address.",
    },
    'auth.lockout': {
      claims: ['E7'],
      description:
        'Five failures lock sign-in for fifteen minutes. One atomic statement counts each attempt before it is hashed.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    passwords: typeof passwordsFeature;
  }
}
