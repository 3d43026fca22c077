/** A parameterized SQL statement. */
export interface Statement {
  text: string;
  values: unknown[];
  /** False for a text that varies with the input: it gets none of the bounded statement names. */
  prepare?: boolean;
}
