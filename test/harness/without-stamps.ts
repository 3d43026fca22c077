/** Removes ids and times from a text. They can contain the digits of a searched value by chance. */
export const withoutStamps = (text: string): string =>
  text.replace(/[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/gi, '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, '');
