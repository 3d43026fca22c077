/** A browser and the system it runs on, as its User-Agent header names them; null for what is not known. */
export interface Device {
  browser: string | null;
  system: string | null;
}

/** The first that matches: browsers name those they descend from too, and systems those they are like. */
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

/** Reads a User-Agent header (RFC 9110 section 10.1.5). Families only: versions change every month. */
export function deviceOf(userAgent: string | null): Device {
  return { browser: familyOf(userAgent, BROWSERS), system: familyOf(userAgent, SYSTEMS) };
}

/** The device in words, such as "Firefox on Windows"; null where nothing is known of it. */
export function deviceName(userAgent: string | null): string | null {
  const { browser, system } = deviceOf(userAgent);
  if (browser === null) return system;
  return system === null ? browser : `${browser} on ${system}`;
}

function familyOf(userAgent: string | null, families: readonly [RegExp, string][]): string | null {
  return families.find(([pattern]) => userAgent !== null && pattern.test(userAgent))?.[1] ?? null;
}
