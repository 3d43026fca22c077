import { describe, expect, it } from '@jest/globals';
import { orderKeyOf } from './order-key.js';

describe('the order key of a webhook event', () => {
  it('is the resource of the event and the value of the field that the event declares', () => {
    expect(orderKeyOf('thing.updated', 'serial', { serial: 'S-1', externalId: 'other' })).toBe('thing|S-1');
  });

  it('is the same for all events about one record, and different for records of two resources', () => {
    const data = { serial: 'S-1' };
    expect(orderKeyOf('thing.created', 'serial', data)).toBe(orderKeyOf('thing.updated', 'serial', data));
    expect(orderKeyOf('place.updated', 'serial', data)).not.toBe(orderKeyOf('thing.updated', 'serial', data));
  });

  it.each<[string, object]>([
    ['data without the field', { externalId: 'S-1' }],
    ['a field that is null', { serial: null }],
    ['a field that is not a string', { serial: 7 }],
  ])('is null for %s', (_what, data) => {
    expect(orderKeyOf('thing.updated', 'serial', data)).toBeNull();
  });
});
