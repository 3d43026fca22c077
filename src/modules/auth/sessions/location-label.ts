const NAMES = new Intl.DisplayNames('en', { type: 'region' });

/** The English name of a country by its ISO 3166-1 code; null without one. */
export function locationLabel(country: string | null): string | null {
  return country === null ? null : (NAMES.of(country) ?? country);
}
