import type { SamlAttribute } from './assertion-checks.js';
import type { SamlConnection } from './saml-connection.js';
import { ensure } from './saml-error.js';

/**
 * The names of attributes whose values end in `@scope` (eduPerson; SAML V2.0 Subject Identifier Attributes Profile).
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
 * Returns the attributes that the provider may assert. A scoped value must have a scope of the provider (shibmd:Scope),
 * so that one university cannot name the professors of another. If the connection has no scopes, scoped attributes are
 * left out, and the response is rejected when the connection uses one of them.
 * @throws SamlError scope_mismatch, scope_unknown
 */
export function withinScopes(attributes: readonly SamlAttribute[], connection: SamlConnection): SamlAttribute[] {
  const { idpScopes, emailAttribute, nameAttribute, groupAttribute } = connection;
  const used = [emailAttribute, nameAttribute, groupAttribute];
  return attributes.filter(({ name, friendlyName, values }) => {
    if (!SCOPED.has(name) && !SCOPED.has(friendlyName ?? '')) return true;
    if (idpScopes.length === 0)
      ensure(!used.includes(name) && !(friendlyName && used.includes(friendlyName)), 'scope_unknown', name);
    else for (const value of values) ensure(idpScopes.includes(scopeOf(value) ?? ''), 'scope_mismatch', name);
    return idpScopes.length > 0;
  });
}
