import { describe, expect, it } from '@jest/globals';
import { IsString } from 'class-validator';
import { defineFeature } from '../../platform/feature/define-feature.js';
import { orderKeyOf } from './order-key.js';

class ThingDto {
  @IsString() serial: string;
}
defineFeature({
  name: 'order-key-spec',
  description: 'Events of this specification.',
  webhookEvents: {
    'thing.updated': {
      description: 'Changes a thing.',
      dto: ThingDto,
      orderKey: 'serial',
      permissions: ['person:update'],
    },
  },
});

describe('the order key of a webhook event', () => {
  it('is the value of the field that the event declares', () => {
    expect(orderKeyOf({ type: 'thing.updated', data: { serial: 'S-1', externalId: 'other' } })).toBe('S-1');
  });

  it.each<[string, object]>([
    ['an undeclared type', { type: 'thing.deleted', data: { serial: 'S-1' } }],
    ['no type', { data: { serial: 'S-1' } }],
    ['no data', { type: 'thing.updated' }],
    ['data that is null', { type: 'thing.updated', data: null }],
    ['data without the field', { type: 'thing.updated', data: { externalId: 'S-1' } }],
    ['a field that is not a string', { type: 'thing.updated', data: { serial: 7 } }],
    ['the name of an inherited property as its type', { type: 'constructor', data: { serial: 'S-1' } }],
  ])('is null for %s', (_what, event) => {
    expect(orderKeyOf(event)).toBeNull();
  });

  it.each([null, 'text', 7, [], true])('rejects the body %j', (body) => {
    expect(() => orderKeyOf(body)).toThrow('the body must be a JSON object');
  });
});
