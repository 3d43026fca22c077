import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/index.js';
import { PasswordsController } from './passwords.controller.js';
import './passwords.feature.js';
import { PasswordsRepository } from './passwords.repository.js';
import { PasswordsService } from './passwords.service.js';
import { Passwords } from './passwords.js';

/** Password hashing with one queue, the password policy, and lockout. */
@Module({
  imports: [SessionsModule],
  controllers: [PasswordsController],
  providers: [Passwords, PasswordsRepository, PasswordsService],
  exports: [Passwords, PasswordsRepository, PasswordsService],
})
export class PasswordsModule {}
