const NAMES = new Intl.DisplayNames('en', { type: 'region' });

/** Returns the English name of a country for its ISO 3166-1 code, or null when the code is null. */
export function locationLabel(country: string | null): string | null {
  return country === null ? null : (NAMES.of(country) ?? country);
}
