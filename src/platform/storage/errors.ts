/** Thrown for a malformed storage key. The message does not contain the key, because it can be an attack. */
export class ObjectKeyError extends Error {
  override readonly name = 'ObjectKeyError';

  constructor() {
    super('the storage key does not have the form env/org/category/entity/uuid-filename');
  }
}

/** Thrown when no object exists under a key. */
export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound';

  constructor() {
    super('no object is stored under this key');
  }
}
