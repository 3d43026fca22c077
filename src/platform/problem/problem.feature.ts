import { defineFeature } from '../feature/define-feature.js';

/** What the HTTP platform answers by itself, for every route. */
export const httpFeature = defineFeature({
  name: 'http',
  description: 'The way of a request: limits, headers, problem details and response shapes.',
  errors: {
    unauthenticated: { status: 401, title: 'Sign in first' },
    forbidden: { status: 403, title: 'Not allowed' },
    csrf_check_failed: { status: 403, title: 'The request came from another site' },
    not_found: { status: 404, title: 'Not found' },
    method_not_allowed: { status: 405, title: 'This method is not offered here' },
    invalid_request: { status: 400, title: 'The request is not valid' },
    malformed_json: { status: 400, title: 'The body is not valid JSON' },
    invalid_text: { status: 400, title: 'The request holds text that cannot be stored' },
    duplicate_parameter: { status: 400, title: 'A query parameter was given more than once' },
    conflict: { status: 409, title: 'The request conflicts with what is stored' },
    payload_too_large: { status: 413, title: 'The body is too large' },
    unsupported_media_type: { status: 415, title: 'This kind of body is not accepted here' },
    too_many_requests: { status: 429, title: 'Too many requests' },
    internal: { status: 500, title: 'Something went wrong on the server' },
    unavailable: { status: 503, title: 'Not available at the moment' },
  },
  controls: {
    'http.tls': {
      claims: ['M1', 'C3', 'S2', 'E3'],
      description:
        'Outside development plain HTTP and unencrypted database connections are refused; own TLS takes 1.2 or ' +
        'later with AEAD and ECDHE suites.',
    },
    'http.headers': {
      claims: ['E22', 'E23'],
      description:
        'Every answer carries the security headers and a content security policy without inline or foreign code.',
    },
    'http.rate-limits': {
      claims: ['E8'],
      description:
        'Limits are exact sliding windows in Redis, shared by all processes; without Redis each process gives ' +
        'its part of them.',
    },
    'http.response-classes': {
      claims: ['E27'],
      description: 'Only fields that a response class exposes leave the server.',
    },
    'http.portal-shapes': {
      claims: ['E27'],
      description: 'Fields for staff alone are left out of every answer to record subjects.',
    },
    'logs.redacted': {
      claims: ['E19'],
      description: 'Log lines pass deep redaction by key and by pattern; request bodies cannot be logged.',
    },
    'config.environments': {
      claims: ['S5'],
      description:
        'Keys made for development are refused elsewhere; cookie names and storage prefixes differ by environment.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    http: typeof httpFeature;
  }
}
