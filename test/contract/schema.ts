import type { TestDatabase } from '../harness/database.js';

/** A table of `public` as the system catalog describes it. */
export interface Table {
  name: string;
  owner: string;
  kind: 'r' | 'p';
  /** The parent table of a partition. */
  partitionOf: string | null;
  rowSecurity: boolean;
  forced: boolean;
  columns: Column[];
  policies: Policy[];
  keys: Key[];
  indexes: Index[];
  triggers: { name: string; enabled: string }[];
}

export interface Column {
  name: string;
  type: string;
  typeKind: string;
  generated: boolean;
}
export interface Policy {
  name: string;
  command: string;
  roles: string[];
  using: string | null;
  check: string | null;
  permissive: boolean;
}
/** A primary (p), unique (u), or foreign (f) key. */
export interface Key {
  name: string;
  type: 'p' | 'u' | 'f';
  columns: string[];
  references: string | null;
  referenced: string[];
}
export interface Index {
  name: string;
  columns: string[];
  unique: boolean;
}
/** A privilege on a table or on one of its columns. */
export interface Grant {
  table: string;
  column: string | null;
  grantee: string;
  privilege: string;
}
/** `parsed`: the body was parsed at creation (BEGIN ATOMIC), so it does not depend on a search path. */
export interface Routine {
  name: string;
  owner: string;
  definer: boolean;
  settings: string[];
  grantees: string[];
  language: string;
  parsed: boolean;
}

const TABLES = `
  SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relkind AS kind, parent.relname AS "partitionOf",
         c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS forced,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
           'typeKind', t.typtype, 'generated', a.attgenerated <> '') ORDER BY a.attnum)
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0
              AND NOT a.attisdropped) AS columns,
         (SELECT coalesce(json_agg(json_build_object('name', p.polname, 'command', p.polcmd, 'permissive',
           p.polpermissive,
                   'roles', (SELECT json_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END)
                     FROM unnest(p.polroles) r),
                   'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))),
                     '[]')
            FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
         (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'type', k.contype, 'references',
           k.confrelid::regclass::text,
                   'columns', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u (num, n)
                                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
                   'referenced', (SELECT coalesce(json_agg(a.attname ORDER BY n), '[]')
                     FROM unnest(k.confkey) WITH ORDINALITY u (num, n)
                                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num))), '[]')
            FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f')) AS keys,
         (SELECT coalesce(json_agg(json_build_object('name', i.indexrelid::regclass::text, 'unique', i.indisunique,
                   'columns', (SELECT json_agg(coalesce(a.attname, '(expression)') ORDER BY n)
                     FROM unnest(i.indkey) WITH ORDINALITY u (num, n)
                                 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num
                                   AND u.num > 0))), '[]')
            FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
         (SELECT coalesce(json_agg(json_build_object('name', g.tgname, 'enabled', g.tgenabled)), '[]')
            FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS triggers
    FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = h.inhparent
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`;

const GRANTS = `
  SELECT c.relname AS "table", NULL AS "column", CASE WHEN x.grantee = 0 THEN 'PUBLIC'
    ELSE pg_get_userbyid(x.grantee)::text END AS grantee, x.privilege_type AS privilege
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
   WHERE c.relnamespace IN ('public'::regnamespace, 'app_private'::regnamespace) AND x.grantee <> c.relowner
  UNION ALL
  SELECT c.relname, a.attname, CASE WHEN x.grantee = 0 THEN 'PUBLIC'
    ELSE pg_get_userbyid(x.grantee)::text END, x.privilege_type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN LATERAL aclexplode(a.attacl) x
   WHERE c.relnamespace IN ('public'::regnamespace, 'app_private'::regnamespace) AND x.grantee <> c.relowner`;

const ROUTINES = `
  SELECT p.oid::regprocedure::text AS name, pg_get_userbyid(p.proowner) AS owner, p.prosecdef AS definer,
    l.lanname AS language, p.prosqlbody IS NOT NULL AS parsed,
         coalesce(p.proconfig, '{}') AS settings,
         (SELECT coalesce(array_agg(DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC'
           ELSE pg_get_userbyid(x.grantee)::text END), '{}')
            FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
              WHERE x.grantee <> p.proowner) AS grantees
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
   WHERE p.pronamespace IN ('app'::regnamespace, 'app_private'::regnamespace, 'public'::regnamespace) ORDER BY 1`;

/** The parts of a migrated database that the contract tests check. */
export interface Schema {
  tables: Table[];
  grants: Grant[];
  routines: Routine[];
  /** Views with their options, including materialized views. */
  views: { name: string; kind: string; options: string[] }[];
  enums: string[];
  /** `schema: role has privilege`, without the privileges of the owner. */
  schemaGrants: string[];
}

export async function readSchema({ superuser }: TestDatabase): Promise<Schema> {
  const [tables, grants, routines, views, enums, schemaGrants] = await Promise.all([
    superuser<Table & Record<string, unknown>>(TABLES),
    superuser<Grant & Record<string, unknown>>(GRANTS),
    superuser<Routine & Record<string, unknown>>(ROUTINES),
    superuser<
      Schema['views'][number]
    >(`SELECT oid::regclass::text AS name, relkind AS kind, coalesce(reloptions, '{}') AS options FROM pg_class
      WHERE relkind IN ('v', 'm') AND relnamespace IN ('public'::regnamespace, 'app'::regnamespace,
        'app_private'::regnamespace)`),
    superuser<{ name: string }>(`SELECT oid::regtype::text AS name FROM pg_type WHERE typtype = 'e'`),
    superuser<{
      line: string;
    }>(`SELECT n.nspname || ': ' || CASE WHEN x.grantee = 0 THEN 'PUBLIC'
      ELSE pg_get_userbyid(x.grantee) END || ' has ' || x.privilege_type AS line
      FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) x
        WHERE n.nspname IN ('public', 'app', 'app_private') AND x.grantee <> n.nspowner ORDER BY 1`),
  ]);
  return {
    tables,
    grants,
    routines,
    views,
    enums: enums.map(({ name }) => name),
    schemaGrants: schemaGrants.map(({ line }) => line),
  };
}
