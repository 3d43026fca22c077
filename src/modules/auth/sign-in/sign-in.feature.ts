import { defineFeature } from '../../../platform/feature/define-feature.js';

export const signInFeature = defineFeature({
  name: 'sign-in',
  description: 'Sign-in with a password or a passkey, and the second factor after a password.',
  events: {
    'auth.signed_in': {
      category: 'sign-in',
      severity: 'info',
      description: 'A user signed in.',
      meta: { method: 'code', factor: 'code' },
    },
    'auth.sign_in_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A user failed to sign in.',
      meta: { method: 'code', reason: 'code' },
    },
  },
  errors: {
    invalid_credentials: { status: 401, title: 'The e-mail address or the password is incorrect' },
  },
  resources: {
    email: { description: 'The keyed digest of an e-mail address that belongs to no user' },
  },
  controls: {
    'auth.no-oracle': {
      claims: ['E8'],
      description:
        'Known and unknown e-mail addresses get the same responses at the same cost. All processes share the rate ' +
        'limits.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    'sign-in': typeof signInFeature;
  }
}
