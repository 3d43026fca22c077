import { Module } from '@nestjs/common';
import { PasswordsModule } from '../auth/passwords/index.js';
import { SessionsModule } from '../auth/sessions/index.js';
import { SignInModule } from '../auth/sign-in/index.js';
import { RbacModule } from '../rbac/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { AcceptPageController } from './accept-page.controller.js';
import { AcceptanceRepository } from './acceptance.repository.js';
import { AcceptanceService } from './acceptance.service.js';
import { InvitesController } from './invites.controller.js';
import './invites.feature.js';
import { InviteJobs } from './invites.jobs.js';
import { InvitesRepository } from './invites.repository.js';
import { InvitesService } from './invites.service.js';

@Module({
  imports: [PasswordsModule, SessionsModule, SignInModule, RbacModule, TenancyModule],
  controllers: [AcceptPageController, InvitesController],
  providers: [InvitesService, AcceptanceService, InviteJobs, InvitesRepository, AcceptanceRepository],
})
export class InvitesModule {}
