import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, type UserAttribute } from './scim-attributes.js';

/** How values of an attribute are compared: case-insensitive text, e-mail addresses, exact text, booleans, or times. */
export type Kind = 'text' | 'email' | 'exact' | 'boolean' | 'instant';
export type Column = { sql: string; kind: Kind };
/** A multi-valued attribute. Each value is a row of another source. */
export type MultiValued = { within: (condition: string) => string; columns: ReadonlyMap<string, Column> };

/** The attributes that a filter can use, by lower-case name. The SQL refers to the row as `r`. */
export type Filterable = ReadonlyMap<string, Column | MultiValued>;

const column = (sql: string, kind: Kind): Column => ({ sql, kind });
const COMMON: [string, Column][] = [
  ['id', column('r.id::text', 'exact')],
  ['externalid', column('r.external_id', 'exact')],
  ['displayname', column('r.display_name', 'text')],
  ['meta.created', column('r.created_at', 'instant')],
  ['meta.lastmodified', column('r.updated_at', 'instant')],
];
const FULL_NAME = `nullif(concat_ws(' ', r.given_name, r.family_name), '')`;

export const USER_FILTER: Filterable = new Map<string, Column | MultiValued>([
  ...COMMON,
  ...declaredColumns(CORE_ATTRIBUTES, '', 'r.attributes'),
  ...declaredColumns(ENTERPRISE_ATTRIBUTES, `${ENTERPRISE_SCHEMA}:`, `r.attributes -> '${ENTERPRISE_SCHEMA}'`),
  ['username', column('r.user_name', 'text')],
  ['active', column('r.active', 'boolean')],
  ['name.givenname', column('r.given_name', 'text')],
  ['name.familyname', column('r.family_name', 'text')],
  // the same default as in the resource
  ['name.formatted', column(`coalesce(r.attributes -> 'name' ->> 'formatted', ${FULL_NAME}, r.display_name)`, 'text')],
  [
    'emails',
    {
      within: (condition) =>
        `EXISTS (SELECT FROM jsonb_to_recordset(r.emails) AS e(value text, type text, display text)
          WHERE ${condition})`,
      columns: new Map([
        ['value', column('e.value', 'email')],
        ['type', column('e.type', 'text')],
        ['display', column('e.display', 'text')],
        ['primary', column('(e.value = r.email)', 'boolean')],
      ]),
    },
  ],
  [
    'groups',
    {
      within: (condition) => `r.id IN (SELECT e.user_id FROM app.scim_group_members() e WHERE ${condition})`,
      columns: new Map([
        ['value', column('e.group_id::text', 'exact')],
        ['display', column('e.group_name', 'text')],
      ]),
    },
  ],
]);

export const GROUP_FILTER: Filterable = new Map<string, Column | MultiValued>([
  ...COMMON,
  [
    'members',
    {
      within: (condition) => `r.id IN (SELECT e.group_id FROM app.scim_group_members() e WHERE ${condition})`,
      columns: new Map([
        ['value', column('e.user_id::text', 'exact')],
        ['display', column('e.user_display', 'text')],
      ]),
    },
  ],
]);

/** Returns the SQL of the attributes without a column of their own, which are fields of a JSON object. */
function declaredColumns(
  attributes: readonly UserAttribute[],
  prefix: string,
  object: string,
): [string, Column | MultiValued][] {
  return attributes
    .filter(({ hasColumn }) => !hasColumn)
    .flatMap((declared): [string, Column | MultiValued][] => {
      const { name, parts, multiValued } = declared;
      const key = `${prefix}${name}`.toLowerCase();
      const value = `${object} -> '${name}'`;
      if (multiValued) return [[key, manyOf(value, parts!)]];
      if (parts === undefined) return [[key, fieldColumn(object, declared)]];
      const columns = declaredColumns(parts, `${prefix}${name}.`, value);
      const [, own] = columns.find(([path]) => path === `${key}.value`) ?? [];
      return own === undefined ? columns : [[key, own], ...columns];
    });
}

function manyOf(value: string, parts: readonly UserAttribute[]): MultiValued {
  return {
    within: (condition) =>
      `EXISTS (SELECT FROM jsonb_array_elements(coalesce(${value}, '[]')) AS e(entry) WHERE ${condition})`,
    columns: new Map(parts.map((declared) => [declared.name.toLowerCase(), fieldColumn('e.entry', declared)])),
  };
}

function fieldColumn(object: string, { name, type }: UserAttribute): Column {
  const text = `(${object} ->> '${name}')`;
  return type === 'boolean' ? column(`coalesce(${text}::boolean, false)`, 'boolean') : column(text, 'text');
}
