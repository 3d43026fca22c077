export interface Hunk {
  before: string;
  after: string;
}
export type Step = { command: string } | { file: string; hunks: Hunk[] };
export function stepsOf(markdown: string): Step[];
export function edited(text: string, edit: { file: string; hunks: Hunk[] }): string;
