import { Global, Module } from '@nestjs/common';
import { SecurityConfig } from '../config/index.js';
import { DataKeys } from './data-keys.js';
import { Kms, LocalKms } from '../crypto/kms.js';

/** Provides the KMS and the data keys. */
@Global()
@Module({
  providers: [
    {
      provide: Kms,
      useFactory: (security: SecurityConfig) => new LocalKms(security.rootKey),
      inject: [SecurityConfig],
    },
    DataKeys,
  ],
  exports: [DataKeys, Kms],
})
export class KeysModule {}
