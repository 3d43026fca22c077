import type { DestinationStream } from 'pino';

/** Formats lines for developers: time, level, message, and fields, with the stack below. */
export function readable(stream: DestinationStream): DestinationStream {
  return { write: (line) => stream.write(format(JSON.parse(line))) };
}

function format({ level, time, msg = '', err, stack, ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields).flatMap(([key, value]) =>
    key === 'environment' ? [] : [` ${key}=${show(value)}`],
  );
  const trace = stackOf(err) ?? stack;
  return (
    `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ` +
    `${String(msg)}${rest.join('')}${trace === undefined ? '' : `\n${show(trace)}`}\n`
  );
}

function stackOf(err: unknown): unknown {
  return typeof err === 'object' && err !== null && 'stack' in err ? err.stack : err;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
