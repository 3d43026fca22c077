import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { identityOf } from './oidc-claims.js';
import type { OidcConnection } from './oidc-connection.js';

const connection = { subject: 'sub', groupRoles: [], attributeRoles: [], tenants: [] } as unknown as OidcConnection;
const identity = (claims: Record<string, unknown>) =>
  identityOf({ issuer: 'https://op.example.test', subject: 's', claims }, undefined, connection);

describe('a name from an OpenID provider', () => {
  it('that the API would reject is cleaned by the same rule, and blocks no sign-in', () => {
    const file = new URL('../../../../test/fixtures/display-names.json', import.meta.url);
    const names = JSON.parse(readFileSync(file, 'utf8')) as string[];
    expect(names.map((name) => identity({ name }).displayName)).toEqual([
      'gnp.exe',
      'A Bcc: x@example.org',
      'tab here',
      undefined,
      `${'n'.repeat(199)}😀`,
    ]);
    expect(identity({ name: 'a\uD83D\0' }).displayName).toBe('a');
  });
});

describe('an e-mail address from an OpenID provider', () => {
  it('can have an international domain, and must be one that other entry points accept', () => {
    const claims = (email: string) => ({ email, email_verified: true });
    expect(identity(claims('ada@münchen.example')).email).toBe('ada@münchen.example');
    expect(() => identity(claims('ada@localhost'))).toThrow(expect.objectContaining({ reason: 'email_invalid' }));
  });
});
