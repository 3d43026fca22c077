import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { SecurityConfig } from '../../../platform/config/index.js';
import { SessionCookies } from './session-cookies.js';

/** Session cookies, for every way of signing in. */
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [SecurityConfig],
      useFactory: (security: SecurityConfig) => ({ secret: Buffer.from(security.jwtSecret, 'hex') }),
    }),
  ],
  providers: [SessionCookies],
  exports: [SessionCookies],
})
export class SessionCookiesModule {}
