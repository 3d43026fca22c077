/** A storage key that is not of the one form allowed. The key is not repeated: it may be an attack. */
export class ObjectKeyError extends Error {
  override readonly name = 'ObjectKeyError';

  constructor() {
    super('the storage key is not of the form env/org/category/entity/uuid-filename');
  }
}

/** Nothing is stored under this key (any more). */
export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound';

  constructor() {
    super('no object is stored under this key');
  }
}
