export { blindIndex, normalizeEmail } from './blind-index.js';
export { deriveKey } from './derive.js';
export {
  keyVersionOf,
  open,
  openNullable,
  openText,
  openTextNullable,
  seal,
  sealNullable,
  type KeyFor,
} from './envelope.js';
export { DecryptionFailed } from './errors.js';
export { hmac } from './hmac.js';
export { LocalKms, parseRootKey, Kms, type RootKeys } from './kms.js';
export type { CipherContext } from './cipher-context.js';
export { openStream, sealedLength, sealStream } from './stream.js';
export { constantTimeEqual, hashToken, randomToken, sha256 } from './token.js';
