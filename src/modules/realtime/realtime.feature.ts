import { defineFeature } from '../../platform/feature/define-feature.js';

export const realtimeFeature = defineFeature({
  name: 'live',
  description:
    'Real-time events of an organization as server-sent events. Each delivery checks the permissions of the ' +
    'subscriber.',
  errors: {
    last_event_id_expired: {
      status: 409,
      title: 'Events after this id are no longer available: reload the data, then connect without it',
    },
    stream_limit_reached: { status: 429, title: 'Too many open event streams for this session' },
  },
  retention: {
    // A client can resume within one day. Events are kept for a second day, because an event of a long transaction
    // becomes visible only at its commit.
    'realtime_events.old': {
      description: 'Delivered real-time events; the audit log keeps them',
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
      description: 'Every delivery checks the session and the permissions again through the current row policies.',
    },
    'live.nothing-missed': {
      claims: ['E16'],
      description:
        'A client can reconnect to any process. The stream continues after the last event without gaps or repetition.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    live: typeof realtimeFeature;
  }
}
