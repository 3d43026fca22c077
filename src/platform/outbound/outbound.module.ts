import { Global, Module } from '@nestjs/common';
import { Names } from './names.js';
import { OutboundFetch } from './outbound-fetch.js';
import './outbound.feature.js';

/** For whoever has to ask somebody outside. */
@Global()
@Module({ providers: [Names, OutboundFetch], exports: [Names, OutboundFetch] })
export class OutboundModule {}
