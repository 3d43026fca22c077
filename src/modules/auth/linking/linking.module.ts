import { Module } from '@nestjs/common';
import { MfaModule } from '../mfa/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SsoModule } from '../sso/index.js';
import { LinkingController } from './linking.controller.js';
import './linking.feature.js';
import { LinkingRepository } from './linking.repository.js';
import { LinkingService } from './linking.service.js';

/** Links an identity at a provider to an account that exists, after a proof of the account. */
@Module({
  imports: [MfaModule, SessionsModule, SsoModule],
  controllers: [LinkingController],
  providers: [LinkingRepository, LinkingService],
  exports: [LinkingService],
})
export class LinkingModule {}
