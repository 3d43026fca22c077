import { beforeAll, describe, expect, it } from '@jest/globals';
import { CBC_128, CBC_256, GCM_256, withEncrypted } from '../../../../test/harness/saml-encryption.js';
import {
  assertionXml,
  newSigningKey,
  responseXml,
  sign,
  truthfulParts,
  type Parts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { SamlServiceProvider, testConnection } from '../../../../test/harness/saml-sign-in.js';
import type { SamlConnection } from './saml-connection.js';

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const SIGNED = [['assertion'], ['response'], ['assertion', 'response']] as const;
const CONTENT = [undefined, GCM_256, CBC_256, CBC_128] as const;
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const COUNTS = [1, 10] as const;
const WANTED = [[], ['assertion'], ['response'], ['assertion', 'response']] as const;

type Part = 'assertion' | 'response';
interface Cell {
  signed: readonly Part[];
  content: (typeof CONTENT)[number];
  hash: (typeof HASHES)[number];
  count: (typeof COUNTS)[number];
}
const CELLS: Cell[] = SIGNED.flatMap((signed) =>
  CONTENT.flatMap((content) => HASHES.flatMap((hash) => COUNTS.map((count) => ({ signed, content, hash, count })))),
);
const nameOf = ({ signed, content, hash, count }: Cell): string =>
  `${signed.join(' and ')} signed with ${hash}, ${content?.replace(/.*#/, '') ?? 'plain'}, certificates: ${count}`;

let keys: SigningKey[];
let spKey: SigningKey;
beforeAll(async () => {
  [spKey, ...keys] = (await Promise.all(Array.from({ length: 11 }, () => newSigningKey()))) as [SigningKey];
});

/** Returns a response that the last of the connection's certificates signed. */
function answer(parts: Parts, { signed, content, hash, count }: Cell): string {
  const digest = hash === 'sha384' ? `${MORE}sha384` : `http://www.w3.org/2001/04/xmlenc#${hash}`;
  const choices = { signature: `${MORE}rsa-${hash}`, digest };
  const signedBy = (xml: string, id: string): string => sign(xml, id, keys[count - 1]!, choices);
  const plain = responseXml(parts, assertionXml(parts));
  const inner = signed.includes('assertion') ? signedBy(plain, parts.assertionAttrs['ID']!) : plain;
  const sealed = content === undefined ? inner : withEncrypted(inner, spKey.certificate, { content });
  return signed.includes('response') ? signedBy(sealed, parts.responseAttrs['ID']!) : sealed;
}

/** Returns the outcome that the settings of the connection ask for. */
function expected(signed: readonly Part[], wanted: readonly Part[]): string {
  const missing = (['response', 'assertion'] as const).find((part) => wanted.includes(part) && !signed.includes(part));
  return missing === undefined ? 'accepted' : `${missing}_unsigned`;
}

async function outcome(connection: SamlConnection, cell: Cell, change = (xml: string): string => xml): Promise<string> {
  const sp = new SamlServiceProvider(connection);
  const login = await sp.startLogin(connection);
  const xml = change(answer(truthfulParts(connection, login.requestId), cell));
  return sp.receive(login, { xml }).then(
    ({ identity }) => (identity.email === 'ada@example.test' ? 'accepted' : 'another user'),
    (error: { reason?: string }) => error.reason ?? 'crashed',
  );
}

const connected = ({ count, content }: Cell, wanted: readonly Part[]): SamlConnection =>
  testConnection(
    'one',
    keys.slice(0, count).map(({ certificate }) => certificate),
    {
      wantAssertionSigned: wanted.includes('assertion'),
      wantResponseSigned: wanted.includes('response'),
      wantAssertionEncrypted: content !== undefined,
      spKeys: [spKey],
    },
  );

describe('a response is accepted or rejected as the connection wants:', () => {
  it.each(CELLS.map((cell) => [nameOf(cell), cell] as const))('%s', async (_name, cell) => {
    for (const wanted of WANTED)
      expect([wanted, await outcome(connected(cell, wanted), cell)]).toEqual([wanted, expected(cell.signed, wanted)]);
  });
});

describe('a response is rejected after a change:', () => {
  const changed = (xml: string): string => xml.replace('Version="2.0"', 'Version="2.0" Consent="changed"');
  it.each(
    CELLS.filter(({ signed, hash }) => signed.includes('response') && hash === 'sha384').map(
      (cell) => [nameOf(cell), cell] as const,
    ),
  )('%s', async (_name, cell) => {
    expect(await outcome(connected(cell, []), cell, changed)).toBe('signature_invalid');
  });
});
