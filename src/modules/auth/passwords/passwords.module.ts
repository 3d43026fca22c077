import { Module } from '@nestjs/common';
import { Passwords } from './passwords.js';

/** The one queue in which passwords are evaluated, for every way that takes one. */
@Module({ providers: [Passwords], exports: [Passwords] })
export class PasswordsModule {}
