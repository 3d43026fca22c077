import { defineFeature } from '../feature/define-feature.js';

export const databaseFeature = defineFeature({
  name: 'database',
  description: 'Database access: the unit of work, tenant contexts, and the behavior when Postgres is unavailable.',
  controls: {
    'database.resilience': {
      claims: ['E25'],
      description:
        'Connections use three retries with jitter, a circuit breaker (three failures, 30 seconds), and a ' +
        'statement timeout of 30 seconds. Organizations share the connections fairly.',
    },
    'database.role': {
      claims: ['M4', 'E14'],
      description: 'The process does not start with a database role that bypasses row-level security.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    database: typeof databaseFeature;
  }
}
