/** The user, the organization, the time, and the id of an export. */
export interface WatermarkFacts {
  readonly name: string;
  readonly email: string;
  readonly organization: string;
  readonly time: Date;
  readonly exportId: string;
}

/** The watermark could not be built or drawn. The export fails with this error. */
export class WatermarkFailed extends Error {
  override readonly name = 'WatermarkFailed';

  constructor(reason: string) {
    super(`the watermark failed: ${reason}`);
  }
}

/**
 * The maximum length of an e-mail address (RFC 5321 section 4.5.3.1 with erratum 1690), and the maximum length of a
 * name in the line.
 */
const EMAIL_LENGTH = 254;
const NAME_LENGTH = 120;

/**
 * Returns the line that marks every export:
 * `Exported by NAME <EMAIL> · ORGANIZATION · TIME in UTC · export ID`.
 * Control, formatting and line-breaking characters and the separators of the line are removed, so that a name cannot
 * imitate another part.
 *
 * @throws WatermarkFailed when a part is empty
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
