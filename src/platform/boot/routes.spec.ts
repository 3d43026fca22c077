import { describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Post } from '@nestjs/common';
import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import { Access, Public } from '../access/decorators.js';
import { allRoutes } from './routes.js';

@Controller('v1/things')
class Things {
  @Get() @Access('signed-in') list() {
    return 1;
  }
  @Get(':id') @Public('for the test') read() {
    return 1;
  }
  @Post(['', 'also']) create() {
    return 1;
  }
  @All('any') any() {
    return 1;
  }
  helper() {
    return 1;
  }
}

@Controller(['a', 'b'])
class Twice {
  @Get() get() {
    return 1;
  }
}

class Inherits extends Things {}
Controller('v2/things')(Inherits);

const found = (...types: (new () => object)[]) => {
  const discovery = {
    getControllers: () => types.map((type) => ({ instance: new type(), metatype: type })),
  } as unknown as DiscoveryService;
  return allRoutes(discovery, new MetadataScanner());
};

describe('the routes of the application', () => {
  it('are found with method, path, handler, and policy, for each path of a list', () => {
    expect(
      found(Things).map(({ method, path, where, mutating, policy }) => [method, path, where, mutating, policy?.kind]),
    ).toEqual([
      ['GET', '/v1/things', 'Things.list', false, 'access'],
      ['GET', '/v1/things/:id', 'Things.read', false, 'public'],
      ['POST', '/v1/things', 'Things.create', true, undefined],
      ['POST', '/v1/things/also', 'Things.create', true, undefined],
      ['ALL', '/v1/things/any', 'Things.any', true, undefined],
    ]);
  });

  it('are found under every prefix of a controller and in subclasses', () => {
    expect(found(Twice).map(({ path }) => path)).toEqual(['/a', '/b']);
    expect(found(Inherits).map(({ path }) => path)).toContain('/v2/things/:id');
  });
});
