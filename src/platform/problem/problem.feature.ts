import { defineFeature } from '../feature/define-feature.js';

/** Errors and controls of the HTTP platform, for every route. */
export const httpFeature = defineFeature({
  name: 'http',
  description: 'HTTP processing: limits, headers, problem details, and response classes.',
  errors: {
    unauthenticated: { status: 401, title: 'A valid session or API key is required', advice: 'Sign in first.' },
    forbidden: { status: 403, title: 'Not allowed', advice: 'Ask an administrator of your organization for access.' },
    csrf_check_failed: {
      status: 403,
      title: 'The request came from another site',
      advice: 'Open the page on this site again, and repeat the action there.',
    },
    not_found: {
      status: 404,
      title: 'Not found',
      advice: 'There is no page at this address. Check the address, or start again at the sign-in page.',
    },
    method_not_allowed: {
      status: 405,
      title: 'Method not allowed',
      advice:
        'This address is not a page. It receives data from forms, programs, or identity providers. Start again at ' +
        'the sign-in page.',
    },
    invalid_request: { status: 400, title: 'The request is not valid' },
    malformed_json: { status: 400, title: 'The body is not valid JSON' },
    client_ip_unreadable: { status: 400, title: 'The proxy did not report a readable IP in X-Forwarded-For' },
    invalid_text: { status: 400, title: 'The request contains text that cannot be stored' },
    duplicate_parameter: { status: 400, title: 'A query parameter was given more than once' },
    conflict: { status: 409, title: 'The request conflicts with the stored data' },
    payload_too_large: { status: 413, title: 'The body is too large' },
    range_not_satisfiable: { status: 416, title: 'The file has no bytes in the requested range' },
    unsupported_media_type: { status: 415, title: 'Unsupported media type' },
    too_many_requests: {
      status: 429,
      title: 'Too many requests',
      advice: 'Too many attempts came from your network. Wait, then try again.',
    },
    internal: { status: 500, title: 'Internal server error', advice: 'Try again later.' },
    unavailable: { status: 503, title: 'Temporarily unavailable', advice: 'Wait a moment, then try again.' },
  },
  controls: {
    'http.tls': {
      claims: ['M1', 'C3', 'S2', 'E3'],
      description:
        'Outside development, plain HTTP and unencrypted database connections are rejected. TLS in the server ' +
        'requires version 1.2 or later with AEAD and ECDHE suites.',
    },
    'http.headers': {
      claims: ['E22', 'E23'],
      description:
        'Every response contains the security headers and a content security policy without inline or ' +
        'external code.',
    },
    'http.rate-limits': {
      claims: ['E8'],
      description:
        'Rate limits are exact sliding windows in Redis, shared by all processes. Without Redis, each process ' +
        'allows its fraction of the limit.',
    },
    'http.response-classes': {
      claims: ['E27'],
      description: 'Responses contain only fields that a response class exposes.',
    },
    'http.portal-shapes': {
      claims: ['E27'],
      description: 'Responses to record subjects contain no staff-only fields.',
    },
    'logs.redacted': {
      claims: ['E19'],
      description: 'Log lines are redacted by key and by pattern at any depth. Request bodies cannot be logged.',
    },
    'config.environments': {
      claims: ['S5'],
      description:
        'Development keys are rejected in other environments. Cookie names and storage prefixes differ by ' +
        'environment.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    http: typeof httpFeature;
  }
}
