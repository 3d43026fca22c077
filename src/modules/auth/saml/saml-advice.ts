import type { SamlErrorCode } from './saml-error.js';

const STRONGER = 'Set the identity provider to RSA with SHA-256, SHA-384, or SHA-512.';

/** What an administrator can change after a rejection, by its reason. */
const ADVICE: ReadonlyMap<string, string> = new Map<SamlErrorCode, string>([
  [
    'assertion_unsigned',
    'Let the identity provider sign the assertion, or the response unless wantAssertionSigned is set.',
  ],
  ['response_unsigned', 'Let the identity provider sign the response, or set wantResponseSigned to false.'],
  ['signature_algorithm', STRONGER],
  ['digest_algorithm', STRONGER],
  ['signature_invalid', 'Compare the certificates of the connection with those of the identity provider.'],
  [
    'key_info_unexpected',
    'Let the identity provider send only its certificate or the name of its key with a signature.',
  ],
  ['assertion_not_encrypted', 'Let the identity provider encrypt assertions, or set wantAssertionEncrypted to false.'],
  [
    'encryption_algorithm',
    'Triple DES and RSA 1.5 are not secure. Set the identity provider to AES-256-GCM, or AES-256-CBC if it has no GCM, ' +
      'and to RSA-OAEP (rsa-oaep-mgf1p) for the key.',
  ],
  [
    'decryption_failed',
    'Let the identity provider read the metadata of the connection again. With AES-CBC, let it sign the response too.',
  ],
  ['conditions_without_end', 'Let the identity provider set NotOnOrAfter wherever it sets NotBefore.'],
]);

/**
 * Returns the advice for a rejection with its detail, as a line for the attempt log; an empty text when there is none.
 */
export function adviceFor({ reason, detail }: { reason: string; detail?: string }): string {
  const advice = ADVICE.get(reason);
  if (advice === undefined) return '';
  const about = detail ? ` (${detail.replaceAll(/[^\w .:/#-]|-{2,}/g, '')})` : '';
  return `<!-- ${reason}${about}: ${advice} -->\n`;
}
