import { Global, Module } from '@nestjs/common';
import { Places } from './places.js';

@Global()
@Module({ providers: [Places], exports: [Places] })
export class PlacesModule {}
