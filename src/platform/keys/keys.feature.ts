import { defineFeature } from '../feature/define-feature.js';

export const cryptoFeature = defineFeature({
  name: 'crypto',
  description: 'Data keys per organization and person, wrapped by a KMS, and the encrypted format of fields and files.',
  controls: {
    'crypto.sealed-format': {
      claims: ['E1'],
      description:
        'AES-256-GCM with a version byte, a 96-bit IV, and a 16-byte tag, bound to organization, table, ' +
        'column, and row.',
    },
    'crypto.envelope': {
      claims: ['C4', 'E2', 'M2'],
      description: 'A KMS wraps one data key per organization and person. A blind index supports exact search.',
    },
    'crypto.tokens': { claims: ['E4'], description: 'The database stores only SHA-256 hashes of tokens.' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    crypto: typeof cryptoFeature;
  }
}
