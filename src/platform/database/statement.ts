/** A parameterized SQL statement. */
export interface Statement {
  text: string;
  values: unknown[];
  /** False for a text that varies with the input. Prepared statements exist only for a bounded number of texts. */
  prepare?: boolean;
}
