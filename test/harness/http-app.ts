import {
  Body,
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  Req,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Expose, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DEVELOPMENT_KEY_PREFIX } from '../../src/platform/config/services.config.js';
import { DatabaseUnavailable } from '../../src/platform/database/errors.js';
import { parseBody, receiveBody, type SignedRequest } from '../../src/platform/http/body.js';
import { currentContext } from '../../src/platform/context/context.js';
import { Public, routePolicy } from '../../src/platform/access/decorators.js';
import { createApp } from '../../src/platform/http/create-app.js';
import { HttpModule } from '../../src/platform/http/http.module.js';
import { PageQuery } from '../../src/platform/http/pagination.dto.js';
import { ResponseType } from '../../src/platform/http/response-type.js';
import { LOG_STREAM } from '../../src/platform/logging/logger.js';
import { LoggingModule } from '../../src/platform/logging/logging.module.js';
import { GeoIpModule } from '../../src/platform/geoip/index.js';
import { Problem } from '../../src/platform/problem/problem.js';
import { HEALTH_PROBES } from '../../src/platform/health/readiness.js';
import { HealthModule } from '../../src/platform/health/health.module.js';

class Inner {
  @IsString()
  street: string;
}

class Input {
  @IsInt()
  age: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;
}

class SampleOutput {
  @Expose()
  id: string;

  @Expose()
  at: Date;
}

const failures: Record<string, () => never> = {
  unknown: () => {
    throw new Error('secret detail of jane@example.org');
  },
  database: () => {
    throw new DatabaseUnavailable();
  },
  uuid: () => {
    throw Object.assign(new Error('invalid input syntax'), { driverError: { code: '22P02' } });
  },
  nul: () => {
    throw Object.assign(new Error('bad byte'), { code: '22021' });
  },
  problem: () => {
    throw new Problem('conflict', { detail: 'seen already', errors: [{ field: 'a', message: 'is taken' }] });
  },
};

@Controller('v1')
class SampleController {
  @Get('things/:id')
  @ResponseType(SampleOutput)
  one(@Param('id') id: string) {
    return { id, at: new Date(0), passwordHash: 'hidden' };
  }

  @Get('things')
  @ResponseType(SampleOutput, { list: true })
  list(@Query() { limit }: PageQuery) {
    return {
      items: Array.from({ length: Math.min(limit, 2) }, () => ({ id: 'a', at: new Date(0), internal: 1 })),
      nextCursor: null,
    };
  }

  @Post('things')
  @ResponseType(SampleOutput, { status: 201 })
  create(@Body() input: Input) {
    return { id: String(input.age), at: new Date(0) };
  }

  @Post('nothing')
  @ResponseType.nothing()
  nothing() {
    return { leaked: true };
  }

  @Get('fail/:how')
  @ResponseType(SampleOutput)
  fail(@Param('how') how: string): never {
    return failures[how]!();
  }

  @Get('undeclared')
  undeclared() {
    return { everything: true };
  }

  @Get('caller')
  @ResponseType(SampleOutput)
  caller() {
    return { id: currentContext().ip, at: new Date(0) };
  }

  @Post('webhooks/:id')
  @Public('for the test', { body: { format: 'signed' } })
  @ResponseType(SampleOutput)
  signed(@Req() request: SignedRequest) {
    return { id: request.rawBody.toString('hex'), at: new Date(0) };
  }

  @Post('small')
  @Public('for the test')
  @ResponseType(SampleOutput)
  small(@Body() input: Input) {
    return { id: String(input.age), at: new Date(0) };
  }

  @Post('sso/saml/:id/acs')
  @Public('for the test', { body: { format: 'form', maxBytes: 512 * 1024 } })
  @ResponseType(SampleOutput)
  acs(@Body() body: Record<string, string>) {
    return { id: body.SAMLResponse?.length.toString(), at: new Date(0) };
  }
}

/** The lines that the application logged. */
export const lines: string[] = [];

@Global()
@Module({
  providers: [
    { provide: LOG_STREAM, useValue: { write: (line: string) => void lines.push(line) } },
    { provide: HEALTH_PROBES, useValue: [{ name: 'database', check: () => Promise.resolve() }] },
  ],
  exports: [LOG_STREAM, HEALTH_PROBES],
})
class SinkModule {}

/** Receives and parses bodies as the access guard does, without its other checks. */
@Injectable()
class BodyGuard implements CanActivate {
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const rule = routePolicy(execution.getHandler())?.body ?? {};
    const request = execution.switchToHttp().getRequest<SignedRequest>();
    await receiveBody(request, rule, config.http.bodyLimitBytes);
    parseBody(request, rule);
    return true;
  }
}

const config = loadConfig(
  {
    VOUCHSAFE_ENV: 'test',
    TRUST_PROXY: 'loopback, 198.51.100.7, 2001:db8:ffff::7',
    DATABASE_URL: 'postgres://a@127.0.0.1/v',
    REDIS_URL: 'redis://127.0.0.1',
    ROOT_KEY: DEVELOPMENT_KEY_PREFIX + '1'.repeat(52),
    JWT_SECRET: DEVELOPMENT_KEY_PREFIX + '2'.repeat(52),
  },
  'api',
);

@Module({
  imports: [ConfigModule.forRoot(config), SinkModule, LoggingModule, GeoIpModule, HealthModule, HttpModule],
  controllers: [SampleController],
  providers: [{ provide: APP_GUARD, useClass: BodyGuard }],
})
class TestModule {}

/** Starts an HTTP application without a database, with sample routes, on a free port. */
export async function startHttpApp(): Promise<NestExpressApplication> {
  const app = await createApp(TestModule, config);
  await app.listen(0, '127.0.0.1');
  return app;
}
