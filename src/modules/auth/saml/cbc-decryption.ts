import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { decipher, unwrapKey, type Encryption } from './assertion-encryption.js';
import { guardResponse, RESPONSE_LIMITS } from './response-guard.js';
import type { MessageSettings } from './saml-connection.js';
import { SamlError } from './saml-error.js';
import { decoyResponse, hasOnlyCoveredText } from './cbc-rules.js';
import { type VerifiedElement, verifiedWithDecoy } from './xml-signature.js';

/** The costly steps, each of which runs equally often for every message. A test counts their calls. */
export const OPERATIONS = { unwrapKey, decipher, guardResponse, verifiedWithDecoy };

const BLOCK_BYTES = 16;

/** Returns the octets in whole blocks, at least one after the IV. The length of a ciphertext is no secret. */
function wholeBlocks(value: Buffer): Buffer {
  const blocks = Buffer.alloc(Math.max(2, Math.ceil(value.length / BLOCK_BYTES)) * BLOCK_BYTES);
  value.copy(blocks);
  return blocks;
}

/**
 * Returns the decrypted octets as text, and whether key, padding, and encoding are right. A wrong key is replaced by a
 * random one, so that the later steps have the same work.
 */
function decryptAny({ cipher, keys, value }: Encryption, spKeys: MessageSettings['spKeys']) {
  const opened = keys.flatMap((candidate) =>
    spKeys.map(({ privateKey }) => OPERATIONS.unwrapKey(privateKey, candidate)),
  );
  const key = opened.find((one) => one?.length === cipher.keyBytes);
  const octets = OPERATIONS.decipher(cipher, key ?? randomBytes(cipher.keyBytes), wholeBlocks(value));
  const padding = octets.at(-1)!;
  const isPadded = padding >= 1 && padding <= BLOCK_BYTES;
  const content = octets.subarray(0, octets.length - (isPadded ? padding : 0));
  const isRight = key !== undefined && isPadded && value.length % BLOCK_BYTES === 0 && isUtf8(content);
  return { text: content.toString('utf8'), length: octets.length, isRight };
}

/** Returns whether the text is a response with one signed assertion. Reads it to the end even if it is not. */
function isReadable(xml: string): boolean {
  try {
    const wanted = { wantResponseSigned: false, wantAssertionSigned: true };
    const { encrypted } = OPERATIONS.guardResponse(xml, wanted, { ...RESPONSE_LIMITS, readsToEnd: true });
    return encrypted === undefined;
  } catch (error) {
    if (error instanceof SamlError) return false;
    throw error;
  }
}

/**
 * Decrypts an assertion that CBC encrypts and that no verified signature covers yet. CBC is malleable, so an attacker
 * who learns anything about a changed ciphertext learns the content of the original (Jager and Somorovsky, How to Break
 * XML Encryption, 2011). So every failure has the same reason and the same work, and only a text whose parts are all
 * signed or fixed is accepted. See docs/adr/0038.
 * @returns the message with the decrypted assertion, and the signed bytes of the assertion
 * @throws SamlError decryption_failed
 */
export function decryptUniformly(
  encryption: Encryption,
  around: { readonly before: string; readonly after: string },
  { spKeys, idpCertificates }: MessageSettings,
): { plainXml: string; own: VerifiedElement } {
  const { text, length, isRight } = decryptAny(encryption, spKeys);
  const plainXml = around.before + text + around.after;
  const decoy = decoyResponse(length);
  const readable = isReadable(plainXml) && isRight;
  const own = OPERATIONS.verifiedWithDecoy(readable ? plainXml : decoy, idpCertificates, decoy);
  if (own === undefined || !readable || !hasOnlyCoveredText(text, own.bytes, idpCertificates))
    throw new SamlError('decryption_failed');
  return { plainXml, own };
}
