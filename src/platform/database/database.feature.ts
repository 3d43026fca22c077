import { defineFeature } from '../feature/define-feature.js';

export const databaseFeature = defineFeature({
  name: 'database',
  description: 'The unit of work, the entrances, and what happens when Postgres is away.',
  controls: {
    'database.resilience': {
      claims: ['E25'],
      description:
        'Three retries with jitter, a circuit breaker of three failures and 30 seconds, a statement timeout of ' +
        '30 seconds.',
    },
    'database.role': {
      claims: ['M4', 'E14'],
      description: 'The process refuses to start as a role that row security does not bind.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    database: typeof databaseFeature;
  }
}
