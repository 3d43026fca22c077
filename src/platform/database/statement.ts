/** A parameterized SQL statement. */
export interface Statement {
  text: string;
  values: unknown[];
}
