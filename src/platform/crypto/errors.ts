/**
 * Thrown when decryption fails: wrong key, wrong context, damaged or forged data. The message does not say which, and
 * contains no key, plaintext, or ciphertext.
 */
export class DecryptionFailed extends Error {
  override readonly name = 'DecryptionFailed';

  /** @param what names the kind of value, such as `people.email_enc`, but never its content */
  constructor(what: string) {
    super(`${what} could not be decrypted`);
  }
}
