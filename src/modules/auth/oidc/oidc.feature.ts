import { defineFeature } from '../../../platform/feature/define-feature.js';

export const oidcFeature = defineFeature({
  name: 'oidc',
  description: 'OpenID Connect: sign-in and logout.',
  errors: {
    invalid_logout_token: { status: 400, title: 'The logout token is invalid' },
  },
  jobs: {
    'sso.check_issuer': {
      description: "Checks whether a connection's OpenID provider answers as its issuer.",
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 60,
      concurrency: 2,
      enqueuePermissions: ['sso:update'],
    },
  },
  controls: {
    'sso.oidc': {
      claims: ['M14', 'S3'],
      description:
        'The application verifies the signature, issuer, audience, times, and nonce of each ID token. It ' +
        'accepts a token only for the browser, connection, and request that started the sign-in.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    oidc: typeof oidcFeature;
  }
}
