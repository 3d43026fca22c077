/**
 * A sealed value did not open: wrong key, wrong place, damaged or forged. Which of these it was
 * is deliberately not told; the message never holds key, plaintext or ciphertext.
 */
export class DecryptionFailed extends Error {
  override readonly name = 'DecryptionFailed';

  /** @param what names the kind of thing that did not open, such as `people.email_enc`; never its content. */
  constructor(what: string) {
    super(`${what} could not be decrypted`);
  }
}
