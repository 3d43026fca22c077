/** Who exported, for which organization, when, and which export it was. */
export interface WatermarkFacts {
  readonly name: string;
  readonly email: string;
  readonly organization: string;
  readonly time: Date;
  readonly exportId: string;
}

/** A watermark could not be made or set: the export fails with it. */
export class WatermarkFailed extends Error {
  override readonly name = 'WatermarkFailed';

  constructor(reason: string) {
    super(`the watermark failed: ${reason}`);
  }
}

/**
 * The longest e-mail address there is (RFC 5321 section 4.5.3.1 with erratum 1690), and what a name may take of the
 * line.
 */
const EMAIL_LENGTH = 254;
const NAME_LENGTH = 120;

/**
 * The one line that marks every export:
 * `Exported by NAME <EMAIL> · ORGANIZATION · TIME in UTC · export ID`.
 * Control, formatting and line-breaking characters are removed, and so are the characters that
 * part the line, so that a name cannot pass for more than a name.
 *
 * @throws WatermarkFailed when a part has nothing left
 */
export function watermarkText(facts: WatermarkFacts): string {
  const name = part('name', facts.name, NAME_LENGTH);
  const email = part('email', facts.email, EMAIL_LENGTH);
  const organization = part('organization', facts.organization, NAME_LENGTH);
  const exportId = part('exportId', facts.exportId, NAME_LENGTH);
  if (Number.isNaN(facts.time.getTime())) throw new WatermarkFailed('it has no time');
  return `Exported by ${name} <${email}> · ${organization} · ${facts.time.toISOString()} · export ${exportId}`;
}

function part(what: string, text: string, length: number): string {
  const clean = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}<>·]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  if (clean === '') throw new WatermarkFailed(`it has no ${what}`);
  const characters = Array.from(clean);
  return characters.length <= length ? clean : `${characters.slice(0, length - 1).join('')}…`;
}
