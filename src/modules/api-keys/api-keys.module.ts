import { Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys.controller.js';
import './api-keys.feature.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';

/** Keys for machines. How a request enters with one is the platform's business: platform/access. */
@Module({
  controllers: [ApiKeysController],
  providers: [ApiKeysService, ApiKeysRepository],
})
export class ApiKeysModule {}
