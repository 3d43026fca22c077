import { defineFeature } from '../../../platform/feature/define-feature.js';

export const oidcFeature = defineFeature({
  name: 'oidc',
  description: 'OpenID Connect: sign-in and logout.',
  errors: {
    invalid_logout_token: { status: 400, title: 'The logout token was not accepted' },
  },
  controls: {
    'sso.oidc': {
      claims: ['M14', 'S3'],
      description:
        'ID tokens are verified down to the signature, for this browser, connection and request; what another issuer, client or sign-in made is refused.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    oidc: typeof oidcFeature;
  }
}
