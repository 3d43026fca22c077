/**
 * Replaces ids and times of this century with `#`. They can contain the digits of a searched value by chance. A time of
 * an earlier century stays, because it can be a date of birth.
 */
export const withoutStamps = (text: string): string =>
  text.replace(/[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/gi, '#').replace(/20\d\d-\d\d-\d\dT[\d:.]+Z?/g, '#');
