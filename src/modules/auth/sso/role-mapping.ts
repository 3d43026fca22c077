/** What an identity provider says of somebody: values by the name of the attribute or claim. */
export type IdpClaims = ReadonlyMap<string, readonly string[]>;

/** What decides the role of somebody whom an identity provider names. */
export interface RoleMapping {
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles?: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string | null;
}

/** The rule of a mapping that decided. */
export type RoleRule =
  | { readonly kind: 'group'; readonly group: string; readonly role: string }
  | { readonly kind: 'attribute'; readonly attribute: string; readonly value: string; readonly role: string }
  | { readonly kind: 'default'; readonly role: string };

/**
 * The first rule that fits: of the groups, then of the attributes, else the default; none when nothing gives a role.
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

/** The role that {@link ruleOf} comes to. */
export function roleOf(mapping: RoleMapping, groups: readonly string[], claims?: IdpClaims): string | undefined {
  return ruleOf(mapping, groups, claims)?.role;
}

/**
 * What of somebody's sign-in is kept, to tell later what another mapping would change: groups, and what the attribute
 * rules look at.
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
