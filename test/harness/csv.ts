/** Reads RFC 4180 strictly: CRLF after each record, quotes only around whole fields. Throws on anything else. */
export function readCsv(file: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  const records: string[][] = [];
  let record: string[] = [];
  while (field.lastIndex < file.length) {
    const at = field.lastIndex;
    const match = field.exec(file);
    if (!match) throw new Error(`not RFC 4180 at ${at}: ${JSON.stringify(file.slice(at, at + 40))}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] !== '\r\n') continue;
    records.push(record);
    record = [];
  }
  return records;
}
