import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { SecurityConfig } from '../../platform/config/index.js';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import './auth.feature.js';
import { Passwords } from './passwords.js';
import { SessionCookies } from './session-cookies.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInService } from './sign-in.service.js';

@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [SecurityConfig],
      useFactory: (security: SecurityConfig) => ({ secret: Buffer.from(security.jwtSecret, 'hex') }),
    }),
  ],
  controllers: [AuthController],
  providers: [AccountService, Passwords, SessionCookies, SessionsRepository, SignInService],
  exports: [AccountService, SessionCookies],
})
export class AuthModule {}
