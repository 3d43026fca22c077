import { ObjectKeyError } from './errors.js';

/** What stored objects are, each kind under a prefix of its own, so that lifecycle rules can tell them apart. */
export const OBJECT_CATEGORIES = [
  'exports',
  'manifests',
  'documents',
  'licenses',
  'evaluations',
  'credentials',
  'messages',
  'photos',
  'imports',
  'checkpoints',
] as const;
export type ObjectCategory = (typeof OBJECT_CATEGORIES)[number];

export const STORAGE_ENVIRONMENTS = ['development', 'test', 'staging', 'production'] as const;
export type StorageEnvironment = (typeof STORAGE_ENVIRONMENTS)[number];

/** The parts of an object's key: `{env}/{orgId}/{category}/{entityId}/{uuid}-{filename}`. */
export interface ObjectKeyParts {
  readonly env: StorageEnvironment;
  readonly orgId: string;
  readonly category: ObjectCategory;
  /** The row the object belongs to. */
  readonly entityId: string;
  /** Makes the key unique; ids of this kind sort by time. */
  readonly uuid: string;
  readonly filename: string;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const FILENAME_LENGTH = 100;
/** Letters, digits and `_`, with single `.` or `-` between them: no hidden files, no `..`, no trailing dot. */
const FILENAME = '[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*';
const KEY = new RegExp(
  `^(?<env>${STORAGE_ENVIRONMENTS.join('|')})/(?<orgId>${UUID})/(?<category>${OBJECT_CATEGORIES.join('|')})` +
    `/(?<entityId>${UUID})/(?<uuid>${UUID})-(?<filename>${FILENAME})$`,
);

/**
 * A name that is safe in a path, a URL, a header and a shell, from whatever a person called the
 * file: accents are dropped, other characters become `-`, overlong names keep their extension.
 * The name as given belongs in the database. A name with nothing left becomes `file`.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-');
  const tidy = (text: string): string =>
    text
      .replace(/[.-]*\.[.-]*/g, '.')
      .replace(/-+/g, '-')
      .replace(/^[.-]+|[.-]+$/g, '');
  const whole = tidy(plain);
  if (whole.length <= FILENAME_LENGTH) return whole || 'file';
  const extension = /\.[A-Za-z0-9_]{1,10}$/.exec(whole)?.[0] ?? '';
  return tidy(whole.slice(0, FILENAME_LENGTH - extension.length)) + extension;
}

/**
 * Builds the key of an object. The file name is made safe; every other part is checked.
 * @throws ObjectKeyError when a part is not of its form
 */
export function objectKey(parts: ObjectKeyParts): string {
  const { env, orgId, category, entityId, uuid, filename } = parts;
  const key = `${env}/${orgId}/${category}/${entityId}/${uuid}-${safeFileName(filename)}`;
  parseObjectKey(key);
  return key;
}

/**
 * Reads a key back into its parts. Only the exact form that `objectKey` builds is accepted, so
 * a key that parses cannot lead out of its folder.
 * @throws ObjectKeyError on anything else
 */
export function parseObjectKey(key: string): ObjectKeyParts {
  const parts = KEY.exec(key)?.groups as ObjectKeyParts | undefined;
  if (!parts || parts.filename.length > FILENAME_LENGTH) throw new ObjectKeyError();
  return { ...parts };
}
