import { Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys.controller.js';
import './api-keys.feature.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';

/** API keys for programs. platform/access authenticates requests that carry a key. */
@Module({
  controllers: [ApiKeysController],
  providers: [ApiKeysService, ApiKeysRepository],
})
export class ApiKeysModule {}
