import type { SamlAttribute } from './assertion-checks.js';
import type { SamlConnection } from './saml-connection.js';
import { ensure } from './saml-error.js';

/**
 * Attributes whose values end in `@scope`, under the names they go by (eduPerson; SAML V2.0 Subject Identifier
 * Attributes Profile).
 */
const SCOPED: ReadonlySet<string> = new Set([
  'eduPersonPrincipalName',
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
  'urn:mace:dir:attribute-def:eduPersonPrincipalName',
  'eduPersonScopedAffiliation',
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
  'urn:mace:dir:attribute-def:eduPersonScopedAffiliation',
  'eduPersonUniqueId',
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.13',
  'subject-id',
  'urn:oasis:names:tc:SAML:attribute:subject-id',
  'pairwise-id',
  'urn:oasis:names:tc:SAML:attribute:pairwise-id',
]);

function scopeOf(value: string): string | undefined {
  const [, scope, more] = value.split('@');
  return scope && more === undefined ? scope.toLowerCase() : undefined;
}

/**
 * What a provider says of people within a scope, where it may speak for that (shibmd:Scope): a university does not name
 * another's
 * professors. Of a provider whose scopes nobody has stated, scoped attributes are left out, and refused where the
 * connection relies on them.
 * @returns the attributes that may be used
 * @throws SamlError scope_mismatch, scope_unknown
 */
export function withinScopes(attributes: readonly SamlAttribute[], connection: SamlConnection): SamlAttribute[] {
  const { idpScopes, emailAttribute, nameAttribute, groupAttribute } = connection;
  const relied = [emailAttribute, nameAttribute, groupAttribute];
  return attributes.filter(({ name, friendlyName, values }) => {
    if (!SCOPED.has(name) && !SCOPED.has(friendlyName ?? '')) return true;
    if (idpScopes.length === 0)
      ensure(!relied.includes(name) && !(friendlyName && relied.includes(friendlyName)), 'scope_unknown', name);
    else for (const value of values) ensure(idpScopes.includes(scopeOf(value) ?? ''), 'scope_mismatch', name);
    return idpScopes.length > 0;
  });
}
