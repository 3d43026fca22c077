import { defineFeature } from '../feature/define-feature.js';

export const cryptoFeature = defineFeature({
  name: 'crypto',
  description:
    'Data keys for each organization and person, wrapped by a KMS, and the sealed format of fields and files.',
  controls: {
    'crypto.sealed-format': {
      claims: ['E1'],
      description: 'AES-256-GCM; version byte, 96-bit IV, 16-byte tag; bound to organization, table, column and row.',
    },
    'crypto.envelope': {
      claims: ['C4', 'E2', 'M2'],
      description: 'A KMS wraps a data key for each organization and person; exact search by blind index.',
    },
    'crypto.tokens': { claims: ['E4'], description: 'Tokens are stored as SHA-256 alone.' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    crypto: typeof cryptoFeature;
  }
}
