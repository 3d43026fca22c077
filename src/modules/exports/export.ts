export const EXPORT_KINDS = ['people_csv', 'person_pdf'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** `expired` is never stored: it is the status of a `ready` export whose file has expired. */
export type ExportStatus = 'queued' | 'running' | 'ready' | 'downloaded' | 'failed' | 'expired';

/** Hours until a file expires, and minutes until a download link expires. */
export const FILE_HOURS = 24;
export const LINK_MINUTES = 15;

/** File name and content type by kind. The names contain no personal data. */
export const FILES: Record<ExportKind, { readonly name: string; readonly contentType: string }> = {
  people_csv: { name: 'people.csv', contentType: 'text/csv; charset=utf-8' },
  person_pdf: { name: 'person.pdf', contentType: 'application/pdf' },
};
