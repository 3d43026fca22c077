/** The values that an identity provider sent about a user, by the name of the attribute or claim. */
export type IdpClaims = ReadonlyMap<string, readonly string[]>;

/** The rules that decide the role of a user from an identity provider. */
export interface RoleMapping {
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles?: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string | null;
}

/** The rule of a mapping that applied. */
export type RoleRule =
  | { readonly kind: 'group'; readonly group: string; readonly role: string }
  | { readonly kind: 'attribute'; readonly attribute: string; readonly value: string; readonly role: string }
  | { readonly kind: 'default'; readonly role: string };

/**
 * Returns the first matching rule: the groups come first, then the attributes, then the default. Returns undefined when
 * no rule gives a role.
 */
export function ruleOf(
  { groupRoles, attributeRoles = [], defaultRole }: RoleMapping,
  groups: readonly string[],
  claims: IdpClaims = new Map(),
): RoleRule | undefined {
  const byGroup = groupRoles.find(({ group }) => groups.includes(group));
  if (byGroup !== undefined) return { kind: 'group', group: byGroup.group, role: byGroup.role };
  const byAttribute = attributeRoles.find(({ attribute, value }) => claims.get(attribute)?.includes(value));
  if (byAttribute !== undefined)
    return { kind: 'attribute', attribute: byAttribute.attribute, value: byAttribute.value, role: byAttribute.role };
  return defaultRole ? { kind: 'default', role: defaultRole } : undefined;
}

/** Returns the role of the rule that {@link ruleOf} selects. */
export function roleOf(mapping: RoleMapping, groups: readonly string[], claims?: IdpClaims): string | undefined {
  return ruleOf(mapping, groups, claims)?.role;
}

/**
 * The part of a sign-in that is stored to preview another mapping later: the groups, and the attributes that the rules
 * use.
 */
export interface RoleFacts {
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

export function roleFacts(
  { attributeRoles = [] }: RoleMapping,
  groups: readonly string[],
  claims: IdpClaims = new Map(),
): RoleFacts {
  const names = new Set(attributeRoles.map(({ attribute }) => attribute));
  return {
    groups,
    attributes: Object.fromEntries([...names].flatMap((name) => (claims.has(name) ? [[name, claims.get(name)!]] : []))),
  };
}
