import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SignedXml } from 'xml-crypto';
import { newSigningKey, signedResponse, truthfulParts } from '../../../../test/harness/saml-idp.js';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { ASSERTION } from './saml-names.js';
import { verifiedElement } from './xml-signature.js';

const WITHIN = { local: 'Assertion', uri: ASSERTION };
afterEach(() => void jest.restoreAllMocks());

describe('verifiedElement', () => {
  it('rejects a forged signature value without a digest of the content', async () => {
    const [key, other] = await Promise.all([newSigningKey(), newSigningKey()]);
    const connection = testConnection('one', [key.certificate]);
    const xml = signedResponse(truthfulParts(connection, '_request'), key);
    const digest = jest.spyOn(SignedXml.prototype, 'checkSignature');
    const verify = (text: string, certificates: string[]): (() => string) => {
      return () => verifiedElement(text, certificates, WITHIN).bytes;
    };
    const invalid = expect.objectContaining({ reason: 'signature_invalid' });
    expect(verify(xml, [other.certificate, other.certificate])).toThrow(invalid);
    expect(digest).not.toHaveBeenCalled();
    expect(verify(xml.replace('subject-1', 'subject-2'), [key.certificate])).toThrow(invalid);
    expect(verify(xml, [other.certificate, key.certificate])()).toContain('subject-1');
    expect(digest).toHaveBeenCalledTimes(2);
  });
});
