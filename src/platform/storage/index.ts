export { EncryptedStorage, type SealingKey, type StoredObject } from './encrypted-storage.js';
export { ObjectKeyError, ObjectNotFound } from './errors.js';
export { LocalStorage } from './local-storage.js';
export {
  OBJECT_CATEGORIES,
  objectKey,
  parseObjectKey,
  safeFileName,
  type ObjectCategory,
  type ObjectKeyParts,
  type StorageEnvironment,
} from './object-key.js';
export type { ObjectStorage } from './object-storage.js';
export { StorageModule } from './storage.module.js';
export { StorageProbe } from './storage.probe.js';
