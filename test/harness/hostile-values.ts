import fc from 'fast-check';
import type { TestDatabase } from './database.js';

/** A function that the role of the API can call, with the types of its parameters. */
export interface Callable {
  name: string;
  types: string[];
  variadic: boolean;
  [column: string]: unknown;
}

export const callables = ({ superuser }: TestDatabase): Promise<Callable[]> =>
  superuser<Callable>(
    `SELECT p.pronamespace::regnamespace || '.' || p.proname AS name, p.provariadic <> 0 AS variadic,
            ARRAY(SELECT format_type(t.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS t (type, n)
              ORDER BY t.n) AS types
       FROM pg_proc p
      WHERE p.pronamespace IN ('app'::regnamespace, 'app_private'::regnamespace, 'public'::regnamespace)
        AND p.prorettype <> 'trigger'::regtype AND has_function_privilege('vouchsafe_app', p.oid, 'EXECUTE')
      ORDER BY p.oid::regprocedure::text`,
  );

/** Returns the columns of the composite types in the schemas of the application, by type. */
export async function compositeTypes({ superuser }: TestDatabase): Promise<Map<string, string[]>> {
  const rows = await superuser<{ type: string; columns: string[] }>(
    `SELECT format_type(c.reltype, NULL) AS type, array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace IN ('app'::regnamespace, 'public'::regnamespace) AND c.reltype <> 0 GROUP BY c.reltype`,
  );
  return new Map(rows.map(({ type, columns }) => [type, columns]));
}

const bytes = (hex: string, times: number) => `decode(repeat('${hex}', ${times}), 'hex')`;

/** SQL expressions by type. `known` are secrets and ids of the database under test. */
export class HostileValues {
  private readonly simple: Readonly<Record<string, string[]>>;

  constructor(
    private readonly composites: ReadonlyMap<string, string[]>,
    known: { texts: string[]; ids: string[] },
  ) {
    const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
    const numbers = ['0', '-1', '1', '100'];
    this.simple = {
      text: [
        '',
        ' ',
        'x',
        '{}',
        'NaN',
        '../..',
        "'; --",
        '\u0001\u007f',
        '\r\n',
        '\u202e',
        '\u{1f600}',
        'İ',
        '|a|b|',
        'totp',
        'passkey',
        'recovery-code',
        'password',
        'org',
        'trainee',
        'person:read',
        'membership:update',
        ...known.texts,
        ...known.ids.slice(0, 5),
      ].map(quoted),
      bytea: [`''::bytea`, ...[1, 8, 16, 32, 61, 100_000].map((n) => bytes('00', n)), bytes('ff', 61), `sha256('')`],
      uuid: ['gen_random_uuid()', `'00000000-0000-0000-0000-000000000000'`, ...known.ids.map(quoted)],
      boolean: ['true', 'false'],
      smallint: [...numbers, '-32768', '32767'],
      integer: [...numbers, '-2147483648', '2147483647'],
      bigint: [...numbers, '-9223372036854775808', '9223372036854775807'],
      real: [...numbers, `'NaN'`, `'Infinity'`, `'-Infinity'`],
      'double precision': [...numbers, `'NaN'`, `'Infinity'`, `'-Infinity'`],
      'timestamp with time zone': ['now()', `'infinity'`, `'-infinity'`, `'0001-01-01 BC'`, `'294276-12-31'`],
      inet: [`'127.0.0.1'`, `'::1'`, `'::ffff:192.0.2.1'`, `'0.0.0.0/0'`, `'fe80::/10'`],
      jsonb: [
        'null',
        '{}',
        '[]',
        '"x"',
        '1e400',
        '{"accepted": true}',
        '{"accepted": "maybe"}',
        '{"accepted": null}',
        '{"accepted": true, "id": "x"}',
        '{"name": {"a": []}, "transports": "x"}',
        '[[[[[[{"a": null}]]]]]]',
      ].map(quoted),
    };
    this.simple = {
      ...this.simple,
      text: [...this.simple['text']!, `repeat('x', 300)`, `repeat('\u{1f600}', 100000)`],
      jsonb: [
        ...this.simple['jsonb']!,
        `jsonb_build_object('accepted', false, 'id', gen_random_uuid(), 'request_id', repeat('x', 200),
           'attributes', ARRAY[NULL, repeat('x', 300)])`,
        `jsonb_build_object('name', 'Key', 'credential_id', uuid_send(gen_random_uuid()), 'public_key', sha256(''),
           'counter', 9223372036854775807, 'transports', ARRAY[NULL, '\u202e'], 'backed_up', true,
           'sealed', ${bytes('00', 61)}, 'proof_hash', sha256(''))`,
      ],
    };
  }

  /** Returns the arguments of a function as SQL. */
  argumentsOf({ types, variadic }: Callable): fc.Arbitrary<string> {
    return fc
      .tuple(...types.map((type) => this.of(type)))
      .map((values) => values.map((value, i) => (variadic && i === types.length - 1 ? `VARIADIC ${value}` : value)))
      .map((values) => values.join(', '));
  }

  private of(type: string): fc.Arbitrary<string> {
    const value = this.notNull(type);
    return fc.oneof({ arbitrary: value, weight: 9 }, { arbitrary: fc.constant(`NULL::${type}`), weight: 1 });
  }

  private notNull(type: string): fc.Arbitrary<string> {
    if (type.endsWith('[]'))
      return fc
        .array(this.of(type.slice(0, -2)), { maxLength: 3 })
        .map((values) => `ARRAY[${values.join(', ')}]::${type}`);
    const columns = this.composites.get(type);
    if (columns !== undefined)
      return fc.tuple(...columns.map((column) => this.of(column))).map((row) => `ROW(${row.join(', ')})::${type}`);
    const values = this.simple[type];
    if (values === undefined) throw new Error(`add hostile values of the type ${type}`);
    return fc.constantFrom(...values).map((value) => `(${value})::${type}`);
  }
}
