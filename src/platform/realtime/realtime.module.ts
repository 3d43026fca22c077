import { Global, Module } from '@nestjs/common';
import { RealtimePubSub } from './realtime-pub-sub.js';

/** What the log needs to wake listeners; who they are and what they get to see is the business of src/modules/live. */
@Global()
@Module({ providers: [RealtimePubSub], exports: [RealtimePubSub] })
export class RealtimePlatformModule {}
