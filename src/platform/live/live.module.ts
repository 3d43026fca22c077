import { Global, Module } from '@nestjs/common';
import { WakeUps } from './wake-ups.js';

/** What the log needs to wake listeners; who they are and what they get to see is the business of src/modules/live. */
@Global()
@Module({ providers: [WakeUps], exports: [WakeUps] })
export class LivePlatformModule {}
