import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { SecurityConfig } from '../../../platform/config/index.js';
import { BrowserCookie } from './browser-cookie.js';
import { OrganizationSwitchController } from './organization-switch.controller.js';
import { OrganizationSwitchRepository } from './organization-switch.repository.js';
import { OrganizationSwitchService } from './organization-switch.service.js';
import { SessionCookies } from './session-cookies.js';
import { SessionsController } from './sessions.controller.js';
import './sessions.feature.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

/** Sessions, session cookies, and the switch between organizations. */
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [SecurityConfig],
      useFactory: (security: SecurityConfig) => ({ secret: Buffer.from(security.jwtSecret, 'hex') }),
    }),
  ],
  controllers: [SessionsController, OrganizationSwitchController],
  providers: [
    BrowserCookie,
    SessionCookies,
    SessionsRepository,
    SessionsService,
    OrganizationSwitchRepository,
    OrganizationSwitchService,
  ],
  exports: [BrowserCookie, SessionCookies, SessionsRepository, SessionsService, OrganizationSwitchRepository],
})
export class SessionsModule {}
