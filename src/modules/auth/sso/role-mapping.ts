/** What decides the role of somebody whom an identity provider names. */
export interface RoleMapping {
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly defaultRole?: string | null;
}

/** The role of the first group in the list that somebody is in, else the default; none when neither gives one. */
export function roleOf({ groupRoles, defaultRole }: RoleMapping, groups: readonly string[]): string | undefined {
  return groupRoles.find(({ group }) => groups.includes(group))?.role ?? defaultRole ?? undefined;
}
