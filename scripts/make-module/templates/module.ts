import { Module } from '@nestjs/common';
import { $Things$Controller } from './$things$.controller.js';
import './$things$.feature.js';
import { $Things$Repository } from './$things$.repository.js';
import { $Things$Service } from './$things$.service.js';

@Module({ controllers: [$Things$Controller], providers: [$Things$Service, $Things$Repository] })
export class $Things$Module {}
