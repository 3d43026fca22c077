/** A browser and its operating system, as the User-Agent header names them. An unknown part is null. */
export interface Device {
  browser: string | null;
  system: string | null;
}

/** The first match counts, because browsers and systems also name the products that they derive from. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\b(?:Edg|EdgA|EdgiOS|Edge)\//, 'Edge'],
  [/\b(?:OPR|OPiOS|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Chrome'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
  [/\b(?:MSIE |Trident\/)/, 'Internet Explorer'],
  [/^curl\//, 'curl'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\b(?:iPhone|iPod)\b/, 'iOS'],
  [/\biPad\b/, 'iPadOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Parses a User-Agent header (RFC 9110 section 10.1.5). Returns families only, because versions change every month. */
export function deviceOf(userAgent: string | null): Device {
  return { browser: familyOf(userAgent, BROWSERS), system: familyOf(userAgent, SYSTEMS) };
}

/** Returns the device in words, such as "Firefox on Windows", or null when the device is unknown. */
export function deviceName(userAgent: string | null): string | null {
  const { browser, system } = deviceOf(userAgent);
  if (browser === null) return system;
  return system === null ? browser : `${browser} on ${system}`;
}

function familyOf(userAgent: string | null, families: readonly [RegExp, string][]): string | null {
  return families.find(([pattern]) => userAgent !== null && pattern.test(userAgent))?.[1] ?? null;
}
