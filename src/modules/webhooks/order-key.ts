/**
 * Returns the value that all events about one record share: the resource, which is the first part of the event type,
 * and the value of the field that the event declares. Records of two resources with equal values have different keys.
 * Returns null when the data lacks the value.
 */
export function orderKeyOf(type: string, field: string, data: object): string | null {
  const value = (data as Record<string, unknown>)[field];
  return typeof value === 'string' ? `${type.split('.', 1)[0]}|${value}` : null;
}
