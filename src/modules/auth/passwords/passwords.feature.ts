import { defineFeature } from '../../../platform/feature/define-feature.js';

export const passwordsFeature = defineFeature({
  name: 'passwords',
  description: 'Passwords: their hash, their policy, and the lockout.',
  events: {
    'auth.locked': {
      category: 'sign-in',
      severity: 'warning',
      description: 'Sign-in was locked after repeated failures.',
    },
    'auth.password_changed': {
      category: 'sign-in',
      severity: 'notice',
      description: 'A user changed the password; all other sessions ended.',
    },
  },
  errors: {
    account_locked: { status: 429, title: 'Sign-in is locked after repeated failures' },
    weak_password: { status: 400, title: 'The password does not meet the policy' },
    server_busy: { status: 503, title: 'Too many passwords are being checked at this moment' },
    wrong_password: { status: 403, title: 'The current password is wrong' },
  },
  controls: {
    'auth.password': {
      claims: ['E5'],
      description: 'Argon2id, evaluated by the application, compared by the database.',
    },
    'auth.password-policy': {
      claims: ['E5'],
      description: 'Length, kinds of characters, a list of what is tried first, and no name or address of the owner.',
    },
    'auth.lockout': {
      claims: ['E7'],
      description: 'Five failures lock for fifteen minutes, counted by one atomic statement before evaluation.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    passwords: typeof passwordsFeature;
  }
}
