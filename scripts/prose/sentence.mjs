/** SQL keywords in capitals. SQL inside a string is code, and only its comments are prose. */
const SQL = /\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|TRUNCATE|WITH|BEGIN|SET|LOCK|COPY)\b/;

/** Returns whether a string contains SQL. */
export const isSql = (text) => SQL.test(text);

/** Returns whether a string is prose: more than one word, and no SQL. */
export const isSentence = (text) => /\S\s+\S/.test(text) && !isSql(text);
