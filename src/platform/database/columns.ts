import type { Statement } from './statement.js';

/** A column name; `json` marks a jsonb column, whose values are sent as JSON text. */
export type Column = string | { readonly json: string };

/** Maps the properties of a row to the columns of its table. */
export type Columns<Row> = { readonly [P in keyof Row & string]: Column };

/** The row type of an interface, as `UnitOfWork.sql` takes it. */
export type RowOf<T> = { [P in keyof T]: T[P] };

/** Returns the name of the column that a property is stored in. Throws for a property that has none. */
export function columnName<Row>(columns: Columns<Row>, property: string): string {
  const column = columnOf(columns, property);
  return typeof column === 'string' ? column : column.json;
}

/** Returns the list for SELECT that names each column by its property, such as `id, org_id AS "orgId"`. */
export function selectList<Row>(columns: Columns<Row>): string {
  return Object.keys(columns)
    .map((property) => {
      const name = columnName(columns, property);
      return name === property ? name : `${name} AS "${property}"`;
    })
    .join(', ');
}

/**
 * Returns the assignments for SET, such as `name = $3`, and appends their values to `values`. Leaves out a property
 * that is undefined. Throws for a property that has no column.
 */
export function setList<Row>(columns: Columns<Row>, changes: Partial<Row>, values: unknown[]): string[] {
  return definedFields(columns, changes).map(({ name, value }) => `${name} = $${values.push(value)}`);
}

/** Returns an INSERT of one row. A property that is undefined gets the default of its column. */
export function insertInto<Row>(table: string, columns: Columns<Row>, row: Partial<Row>): Statement {
  const fields = definedFields(columns, row);
  const names = fields.map(({ name }) => name).join(', ');
  const parameters = fields.map((_, i) => `$${i + 1}`).join(', ');
  return {
    text: `INSERT INTO ${table} (${names}) VALUES (${parameters})`,
    values: fields.map(({ value }) => value),
  };
}

function definedFields<Row>(columns: Columns<Row>, row: Partial<Row>): { name: string; value: unknown }[] {
  return Object.entries(row)
    .filter(([, value]) => value !== undefined)
    .map(([property, value]) => {
      const column = columnOf(columns, property);
      if (typeof column === 'string') return { name: column, value };
      return { name: column.json, value: value === null ? null : JSON.stringify(value) };
    });
}

/**
 * Returns the declared column of a property. Throws for any other property, so that input never reaches the SQL text.
 */
function columnOf<Row>(columns: Columns<Row>, property: string): Column {
  if (!Object.hasOwn(columns, property)) throw new Error(`no column is declared for ${property}`);
  return columns[property as keyof Row & string];
}
