/** A parameterized SQL statement. */
export interface Statement {
  text: string;
  values: unknown[];
  /** False for a text that varies with the input. Prepared statements exist only for a bounded number of texts. */
  prepare?: boolean;
}

/** A call of a function, such as `app.enter_session($1, $2, $3)`, and its parameters. */
export interface FunctionCall {
  text: string;
  values: unknown[];
}

/** Returns the statement that calls an enter function. It adds the time of the database to the returned row. */
export function enterStatement({ text, values }: FunctionCall): Statement {
  return { text: `SELECT *, now() AS database_time FROM ${text}`, values };
}
