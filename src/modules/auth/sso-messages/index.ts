/** The part of SSO that verifies messages. It has no dependencies, so that a worker thread loads few files. */
export { diagnosticsOfClaims, masked, type SsoDiagnostics } from './sso-diagnostics.js';
export { ensure, SsoError, type CommonErrorCode } from './sso-error.js';
