export function singularOf(plural: string): string;
export function namesOf(plural: string | undefined, singular?: string): Record<string, string>;
export function filled(template: string, names: Record<string, string>): string;
