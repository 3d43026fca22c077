import 'reflect-metadata';
import { validateSync } from 'class-validator';

/** The kind of a process. Each kind requires only the variables that it uses. */
export type Role = 'api' | 'worker' | 'migrator' | 'cli';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The declaration of one environment variable, in one place. */
export interface EnvOptions {
  /** The purpose as one sentence. It becomes the comment in `.env.example`. */
  description: string;
  /** The form of a valid value; completes the sentence "must be …". */
  expected: string;
  /** The value when the variable is absent. A function can read the other variables. */
  default?: string | ((env: Environment) => string);
  /** The value in `.env.example`. Without it, the line is commented out. */
  example?: string;
  /**
   * The roles that cannot start without the variable. A variable without this option and without a default is optional.
   */
  neededBy?: readonly Role[];
}

interface EnvEntry extends EnvOptions {
  name: string;
  property: string;
}

export type ConfigClass<T extends object = object> = new () => T;

const ENTRIES = Symbol('environment variables');

/** Binds a property of a config class to an environment variable. class-validator decorators validate the value. */
export function Env(name: string, options: EnvOptions): PropertyDecorator {
  return (target, property) => {
    const entries: EnvEntry[] = Reflect.getOwnMetadata(ENTRIES, target) ?? [];
    Reflect.defineMetadata(ENTRIES, [...entries, { ...options, name, property: String(property) }], target);
  };
}

/** Returns the variables of a config class in the order of its properties. */
export function environmentOf(config: ConfigClass): readonly EnvEntry[] {
  return Reflect.getOwnMetadata(ENTRIES, config.prototype) ?? [];
}

/** Thrown with all reasons why the process cannot start. Messages contain no values. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is invalid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Fills one config class from `env`. Appends each missing or invalid variable to `problems` by name and without its
 * value.
 */
export function readConfig<T extends object>(
  type: ConfigClass<T>,
  env: Environment,
  role: Role,
  problems: string[],
): T {
  const config = new type();
  const entries = environmentOf(type);
  for (const entry of entries) {
    const text = env[entry.name]?.trim() || defaultOf(entry, env);
    if (text !== undefined) Reflect.set(config, entry.property, convert(text, config, entry.property));
    else if (entry.neededBy?.includes(role)) problems.push(`${entry.name} is missing: it must be ${entry.expected}`);
  }
  const wrong = new Set(validateSync(config, { skipUndefinedProperties: true }).map((error) => error.property));
  for (const entry of entries) {
    if (wrong.has(entry.property)) problems.push(`${entry.name} is not valid: it must be ${entry.expected}`);
  }
  return config;
}

function defaultOf(entry: EnvOptions, env: Environment): string | undefined {
  return typeof entry.default === 'function' ? entry.default(env) : entry.default;
}

function convert(text: string, config: object, property: string): string | number {
  return Reflect.getMetadata('design:type', config, property) === Number ? Number(text) : text;
}
