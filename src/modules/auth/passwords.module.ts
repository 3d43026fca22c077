import { Module } from '@nestjs/common';
import { Passwords } from './passwords.js';

/** The slow hash, with its one bound on how much is hashed at once. */
@Module({ providers: [Passwords], exports: [Passwords] })
export class PasswordsModule {}
