import { Global, Module } from '@nestjs/common';
import { RealtimePubSub } from './realtime-pub-sub.js';

/**
 * Provides the notification of subscribers after audit events. src/modules/realtime decides who subscribes and which
 * events they receive.
 */
@Global()
@Module({ providers: [RealtimePubSub], exports: [RealtimePubSub] })
export class RealtimePlatformModule {}
