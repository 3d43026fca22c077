import { ObjectKeyError } from './errors.js';

/** The categories of stored objects. Each has its own prefix for lifecycle rules. */
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
  /** The id of the row of the object. */
  readonly entityId: string;
  /** Makes the key unique. UUIDv7 ids sort by time. */
  readonly uuid: string;
  readonly filename: string;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const FILENAME_LENGTH = 100;
/**
 * Letters, digits, and `_`, with single `.` or `-` between them. This excludes hidden files, `..`, and a trailing dot.
 */
const FILENAME = '[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*';
const KEY = new RegExp(
  `^(?<env>${STORAGE_ENVIRONMENTS.join('|')})/(?<orgId>${UUID})/(?<category>${OBJECT_CATEGORIES.join('|')})` +
    `/(?<entityId>${UUID})/(?<uuid>${UUID})-(?<filename>${FILENAME})$`,
);

/**
 * Returns a file name that is safe in a path, a URL, a header, and a shell. Accents are removed, other characters
 * become `-`, and long names keep their extension. An empty result becomes `file`. Store the original name in the
 * database.
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
 * Builds the key of an object with a safe file name and validates all other parts.
 *
 * @throws ObjectKeyError for a malformed part
 */
export function objectKey(parts: ObjectKeyParts): string {
  const { env, orgId, category, entityId, uuid, filename } = parts;
  const key = `${env}/${orgId}/${category}/${entityId}/${uuid}-${safeFileName(filename)}`;
  parseObjectKey(key);
  return key;
}

/**
 * Parses a key. Accepts only the form of `objectKey`, so a valid key cannot leave its directory.
 *
 * @throws ObjectKeyError for any other text
 */
export function parseObjectKey(key: string): ObjectKeyParts {
  const parts = KEY.exec(key)?.groups as ObjectKeyParts | undefined;
  if (!parts || parts.filename.length > FILENAME_LENGTH) throw new ObjectKeyError();
  return { ...parts };
}
