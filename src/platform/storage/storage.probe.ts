import { Injectable } from '@nestjs/common';
import { EncryptedStorage } from './encrypted-storage.js';

/** Checks that the storage accepts a file. */
@Injectable()
export class StorageProbe {
  readonly name = 'storage';

  constructor(private readonly storage: EncryptedStorage) {}

  check(): Promise<void> {
    return this.storage.proveWrite();
  }
}
