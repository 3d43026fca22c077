import { Global, Module } from '@nestjs/common';
import { StorageConfig } from '../config/index.js';
import { EncryptedStorage } from './encrypted-storage.js';
import { LocalStorage } from './local-storage.js';
import './storage.feature.js';
import { StorageProbe } from './storage.probe.js';
import { StorageSweep } from './storage-sweep.js';

/** Provides encrypted file storage. */
@Global()
@Module({
  providers: [
    {
      provide: EncryptedStorage,
      useFactory: (config: StorageConfig) => new EncryptedStorage(new LocalStorage(config.dir)),
      inject: [StorageConfig],
    },
    StorageSweep,
    StorageProbe,
  ],
  exports: [EncryptedStorage, StorageProbe],
})
export class StorageModule {}
