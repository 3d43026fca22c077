import type { Attack, AttackContext } from './saml-attacks.js';
import { spCertificate, truth } from './saml-attacks-encrypted.js';
import { CBC_256, withEncrypted } from './saml-encryption.js';

/** Returns a message with CBC whose assertion is changed before encryption, in a part that no signature covers. */
const uncovered = (change: (assertion: string, context: AttackContext) => string) => (context: AttackContext) => ({
  xml: withEncrypted(truth(context), spCertificate(context), { content: CBC_256 }, (assertion) => {
    const changed = change(assertion, context);
    if (changed === assertion) throw new Error('Nothing to replace');
    return changed;
  }),
});

/** Parts of an assertion where a block of another ciphertext could hide. All are rejected with one reason. */
export const UNCOVERED_ATTACKS: readonly Attack[] = [
  [
    'a namespace that nothing uses',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<saml:Subject>', '<saml:Subject xmlns:x="urn:hidden">')),
  ],
  [
    'a long prefix',
    'decryption_failed',
    uncovered((assertion) =>
      assertion.replace('<saml:Subject>', `<saml:Subject xmlns:${'x'.repeat(32)}="http://www.w3.org/2001/XMLSchema">`),
    ),
  ],
  [
    'a tab instead of the first blank, which a changed initialization vector makes',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<saml:Assertion ', '<saml:Assertion\t')),
  ],
  [
    'an attribute of the signature',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<ds:Signature ', '<ds:Signature Id="hidden" ')),
  ],
  [
    'an attribute of the KeyInfo',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<ds:KeyInfo>', '<ds:KeyInfo Id="hidden">')),
  ],
  [
    'a name in the KeyInfo',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<ds:KeyInfo>', '<ds:KeyInfo><ds:KeyName>hidden</ds:KeyName>')),
  ],
  [
    'another certificate in the KeyInfo',
    'decryption_failed',
    uncovered((assertion, { untrusted }) =>
      assertion.replace(/(?<=X509Certificate>)[^<]+/, untrusted.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')),
    ),
  ],
  [
    'text behind the signature value',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('</ds:SignatureValue>', 'AAAA</ds:SignatureValue>')),
  ],
  [
    'no signature',
    'decryption_failed',
    uncovered((assertion) => assertion.replace(/<ds:Signature .*<\/ds:Signature>/, '')),
  ],
  [
    'a comment',
    'decryption_failed',
    uncovered((assertion) => assertion.replace('<saml:Subject>', '<!-- --><saml:Subject>')),
  ],
  ['a DOCTYPE', 'decryption_failed', uncovered((assertion) => `<!DOCTYPE a>${assertion}`)],
  ['too many elements', 'decryption_failed', uncovered((assertion) => `${'<a/>'.repeat(5000)}${assertion}`)],
];
