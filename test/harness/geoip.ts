import { writeFile } from 'node:fs/promises';

/** The data for an IP block: texts, numbers, and maps of them. */
export interface Entry {
  [field: string]: string | number | Entry;
}

type Branch = [Node, Node];
type Node = Branch | number | null;

const RECORD_BYTES = 3;

/**
 * Writes a MaxMind DB (format 2.0) for IPv4 blocks that do not overlap, such as `203.0.113.0/28`. The file contains a
 * binary tree with 24-bit records, 16 zero bytes, the data, and the metadata after its marker.
 */
export async function writePlaces(file: string, blocks: Readonly<Record<string, Entry>>): Promise<string> {
  const data: Buffer[] = [];
  const root: Branch = [null, null];
  for (const [block, entry] of Object.entries(blocks)) {
    insert(root, block, Buffer.concat(data).length);
    data.push(encode(entry));
  }
  const nodes = flatten(root);
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: 'test',
    ip_version: 4,
    node_count: nodes.length,
    record_size: 24,
  });
  await writeFile(
    file,
    Buffer.concat([tree(nodes), Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]),
  );
  return file;
}

function insert(root: Branch, block: string, offset: number): void {
  const [ip = '', length] = block.split('/');
  const bits = ip
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, Number(length));
  let branch = root;
  for (const bit of bits.slice(0, -1)) branch = (branch[Number(bit)] ??= [null, null]) as Branch;
  branch[Number(bits.at(-1))] = offset;
}

function flatten(root: Branch): Branch[] {
  const nodes = [root];
  for (const node of nodes) nodes.push(...node.filter((child) => Array.isArray(child)));
  return nodes;
}

function tree(nodes: Branch[]): Buffer {
  const bytes = Buffer.alloc(nodes.length * RECORD_BYTES * 2);
  nodes.forEach((node, i) =>
    node.forEach((child, side) => {
      const record =
        child === null ? nodes.length : Array.isArray(child) ? nodes.indexOf(child) : nodes.length + 16 + child;
      bytes.writeUIntBE(record, (i * 2 + side) * RECORD_BYTES, RECORD_BYTES);
    }),
  );
  return bytes;
}

/** Encodes texts as type 2, integers as type 6 (uint32) or 3 (double), and maps as type 7, in the top three bits. */
function encode(value: string | number | Entry): Buffer {
  if (typeof value === 'string') return Buffer.concat([head(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'object')
    return Buffer.concat([
      head(7, Object.keys(value).length),
      ...Object.entries(value).flatMap(([key, one]) => [encode(key), encode(one)]),
    ]);
  const bytes = Buffer.alloc(8);
  if (Number.isInteger(value) && value >= 0) {
    bytes.writeUInt32BE(value);
    return Buffer.concat([head(6, 4), bytes.subarray(0, 4)]);
  }
  bytes.writeDoubleBE(value);
  return Buffer.concat([head(3, 8), bytes]);
}

function head(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29);
}
