import { Global, Module } from '@nestjs/common';
import { GeoIp } from './geoip.js';

@Global()
@Module({ providers: [GeoIp], exports: [GeoIp] })
export class GeoIpModule {}
