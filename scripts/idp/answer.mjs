import { createHash } from 'node:crypto';
import samlp from 'samlp';

/** An error that the caller can correct. */
export class Refused extends Error {
  status = 400;
}

/** Returns the AuthnRequest in a redirect's query: { id, issuer, acsUrl }. */
export function readRequest(query) {
  return new Promise((resolve, reject) => {
    samlp.parseRequest({ method: 'GET', query, body: {} }, {}, (error, request) => {
      if (error || !request?.id || !request.issuer) return reject(new Refused('This is not a SAML request.'));
      const acsUrl = URL.parse(request.assertionConsumerServiceURL ?? '');
      if (!['127.0.0.1', '[::1]', 'localhost'].includes(acsUrl?.hostname)) {
        return reject(new Refused('Responses go to loopback addresses only.'));
      }
      return resolve({ id: request.id, issuer: request.issuer, acsUrl: acsUrl.href });
    });
  });
}

/** Returns attributes and name of a user in the format of samlp. */
function profileOf({ email, name, groups }) {
  const subject = createHash('sha256').update(email).digest('hex').slice(0, 32);
  return {
    getClaims: () => ({ mail: email, displayName: name, groups }),
    getNameIdentifier: () => ({ nameIdentifier: subject }),
  };
}

/** Returns the signed response for a user in base64. Response and assertion are both signed. */
export function answer({ key, entityId }, request, user) {
  const options = {
    issuer: entityId,
    key: key.privateKey,
    cert: key.certificate,
    audience: request.issuer,
    recipient: request.acsUrl,
    destination: request.acsUrl,
    inResponseTo: request.id,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    signResponse: true,
    lifetimeInSeconds: 300,
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    profileMapper: profileOf,
  };
  return new Promise((resolve, reject) => {
    samlp.getSamlResponse(options, user, (error, xml) => {
      if (error) reject(error);
      else resolve(Buffer.from(xml).toString('base64'));
    });
  });
}
