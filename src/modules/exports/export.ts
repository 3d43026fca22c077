export const EXPORT_KINDS = ['people_csv', 'person_pdf'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** `expired` is never stored: it is what `ready` becomes when the file has waited too long. */
export type ExportStatus = 'queued' | 'running' | 'ready' | 'downloaded' | 'failed' | 'expired';

/** How long a file waits to be fetched, and how long one link to it works. */
export const FILE_HOURS = 24;
export const LINK_MINUTES = 15;

/** What a file is called and is. The names say nothing of anybody. */
export const FILES: Record<ExportKind, { readonly name: string; readonly contentType: string }> = {
  people_csv: { name: 'people.csv', contentType: 'text/csv; charset=utf-8' },
  person_pdf: { name: 'person.pdf', contentType: 'application/pdf' },
};
