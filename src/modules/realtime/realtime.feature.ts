import { defineFeature } from '../../platform/feature/define-feature.js';

export const realtimeFeature = defineFeature({
  name: 'live',
  description:
    'What happens in an organization, told to its listeners as it happens; each event only to whom may know of ' +
    'it at that moment.',
  errors: {
    last_event_id_expired: {
      status: 409,
      title: 'Events since that id are no longer kept: read the present state, then listen without it',
    },
    stream_limit_reached: { status: 429, title: 'This session listens in too many places already' },
  },
  retention: {
    // A listener may come back within one day; the other makes sure that no transaction is so long that it misses a
    // row.
    'realtime_events.old': {
      description: 'Events that listeners have heard, which the log keeps anyway',
      table: 'realtime_events',
      ageColumn: 'occurred_at',
      days: 2,
      floorDays: 2,
      action: 'delete',
    },
  },
  tables: {
    realtime_events: {
      kind: 'tenant',
      rows: {
        person: 'person_id',
        permission: 'permission',
        select: [
          'person:read',
          'assignment:read',
          'organization:read',
          'membership:read',
          'role:read',
          'access-grant:read',
          'export:read',
          'webhook:read',
          'delivery:read',
          'retention:read',
          'audit:read',
        ],
        insert: 'signed-in',
      },
      retention: { policies: ['realtime_events.old'] },
    },
  },
  controls: {
    'live.checked-at-delivery': {
      claims: ['E16'],
      description:
        'Session and rights are asked of the database again for every delivery, by the row policies of that moment.',
    },
    'live.nothing-missed': {
      claims: ['E16'],
      description:
        'A listener that comes back, to whichever process, goes on where it stopped: nothing missed, nothing twice.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    live: typeof realtimeFeature;
  }
}
