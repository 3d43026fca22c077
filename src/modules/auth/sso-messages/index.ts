/** What the verification of a message needs from SSO. It has no dependencies, so that a worker thread loads few files. */
export { diagnosticsOfClaims, masked, type SsoDiagnostics } from './sso-diagnostics.js';
export { ensure, SsoError, type CommonErrorCode } from './sso-error.js';
