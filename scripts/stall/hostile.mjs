import { deflateRawSync } from 'node:zlib';

const LEAD = '{"hostile":';

/** Repeats a text up to a size in bytes. */
const fill = (text, bytes) => text.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(text))));
const list = (item, bytes) => `[${fill(`${item},`, bytes)}${item}]`;
const object = (value) => `${LEAD}${value}}`;
const buffers = (texts) => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

/**
 * Returns bodies of about that size that cost a parser or a validator more than their bytes, by name. Each contains
 * "hostile" near the start.
 */
export function hostileBodies(bytes) {
  const room = Math.max(8, bytes - 64);
  return buffers({
    'empty objects': object(list('{}', room)),
    'empty lists': object(list('[]', room)),
    numbers: object(list('0', room)),
    'long numbers': object(list('1e-300', room)),
    'empty texts': object(list('""', room)),
    'one long text': object(`"${fill('a', room)}"`),
    'escaped text': object(`"${fill('\\u0041', room)}"`),
    'escaped backslashes': object(`"${fill('\\\\', room)}"`),
    'one long number': object(fill('9', room)),
    'many fields': `${LEAD}1${Array.from({ length: Math.floor(room / 12) }, (_, i) => `,"f${i}":1`).join('')}}`,
    'one field many times': `${LEAD}1${fill(',"email":1', room)}}`,
    'deep lists': object(fill('[', room)),
    'deep objects': fill(LEAD, room),
    'white space': object(`${fill(' ', room)}1`),
    'commas only': object(fill(',', room)),
    'the fields of the sign-in': `{"email":${list('{}', room / 2)},"password":"hostile${fill('a', room / 2)}"}`,
    'many parameters': `hostile=1${fill('&a=1', room)}`,
    'encoded parameters': `hostile=${fill('%41', room)}`,
    'a long e-mail address': `{"password":"hostile","email":"${fill('a.', room)}@example.org"}`,
  });
}

/** Returns hostile SAML messages of about that size, each as a form of the field, by name. */
export function hostileForms(field, bytes) {
  const room = Math.floor((bytes - 1_000) * 0.75);
  const response = (content, attributes = '') =>
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:` +
    `assertion" ID="_1" Version="2.0"${attributes}><saml:Issuer>urn:hostile</saml:Issuer>${content}</samlp:Response>`;
  const numbered = (length, one) => Array.from({ length }, (_, i) => one(i)).join('');
  const messages = {
    'many elements': response(fill('<a/>', room)),
    'many attributes': response(
      '',
      numbered(Math.floor(room / 12), (i) => ` a${i}="1"`),
    ),
    'many namespaces': response(
      '',
      numbered(Math.floor(room / 22), (i) => ` xmlns:n${i}="urn:n${i}"`),
    ),
    'deep elements': response(`${fill('<a>', room / 2)}${fill('</a>', room / 2)}`),
    'unclosed elements': response(fill('<a>', room)),
    'one long text': response(fill('a', room)),
    'many entities': response(fill('&amp;', room)),
    'many comments': response(fill('<!---->', room)),
    'many unclosed comments': response(fill('<!--', room)),
    'many groups': response(fill('<saml:AttributeValue>group</saml:AttributeValue>', room)),
    'many certificates': response(fill('<X509Certificate>AAAA</X509Certificate>', room)),
    'a document type': `<!DOCTYPE a [${fill('<!ENTITY a "a">', room)}]>${response('')}`,
    'white space': `${fill(' ', room)}${response('')}`,
  };
  return Object.fromEntries(
    Object.entries(messages).map(([name, xml]) => {
      const text = Buffer.from(xml).toString('base64');
      return [`SAML: ${name}`, Buffer.from(new URLSearchParams({ [field]: text }).toString())];
    }),
  );
}

/** Returns hostile query strings that fit into the 16 KiB of a request head, by name. */
export function hostileQueries() {
  const bytes = 14_000;
  const bomb = (length) => encodeURIComponent(deflateRawSync(Buffer.alloc(length, ' ')).toString('base64'));
  return {
    'many parameters': fill('a=1&', bytes),
    'one parameter many times': `email=${fill('a&email=', bytes)}`,
    'encoded text': `email=${fill('%F0%9F%98%80', bytes)}`,
    'one long value': `email=${fill('a.', bytes)}@example.org`,
    'plus signs': fill('+', bytes),
    'a compressed message': `SAMLRequest=${bomb(8_000_000)}&RelayState=a`,
    'a compressed message of 512 KiB': `SAMLResponse=${bomb(512_000)}&RelayState=a`,
  };
}

/** Returns hostile headers, by name. */
export function hostileHeaders() {
  const bytes = 14_000;
  return {
    'many cookies': { cookie: fill('a=b; ', bytes) },
    'encoded cookies': { cookie: fill('vouchsafe_test=%41%41; ', bytes) },
    'a long cookie': { cookie: `vouchsafe_test=${fill('a.', bytes)}` },
    'a long key': { authorization: `Bearer ${fill('a', bytes)}` },
    'a long content type': { 'content-type': `application/json;${fill(' ', bytes)}` },
    'many content type parameters': { 'content-type': `application/json${fill(';a="b"', bytes)}` },
    'many proxies': { 'x-forwarded-for': fill('127.0.0.1,', bytes) },
    'a long proxy entry': { 'x-forwarded-for': fill(' ', bytes) + fill('1', 10) },
    'a long browser name': { 'user-agent': fill('Mozilla/5.0 (', bytes) },
    'a long language list': { 'accept-language': fill('a;q=0.1,', bytes), accept: '*/*' },
    'a long origin': { origin: `https://${fill('a.', bytes)}` },
    'many signatures': { 'webhook-signature': fill('v1,AAAA ', bytes), 'webhook-id': 'a', 'webhook-timestamp': '1' },
  };
}
