import 'reflect-metadata';
import { validateSync } from 'class-validator';

/** What a process is: each asks only for the variables it uses. */
export type Role = 'api' | 'worker' | 'migrator' | 'cli';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How one environment variable is declared: the only place where its name stands. */
export interface EnvOptions {
  /** What it is for, as one sentence: it becomes the comment in `.env.example`. */
  description: string;
  /** What a right value looks like, completing "must be …". */
  expected: string;
  /** Used when the variable is absent; may look at the other variables. */
  default?: string | ((env: Environment) => string);
  /** The value in `.env.example`; without it the line stands there commented out. */
  example?: string;
  /** The roles that cannot start without it. A variable without this and without default is optional. */
  neededBy?: readonly Role[];
}

interface EnvEntry extends EnvOptions {
  name: string;
  property: string;
}

export type ConfigClass<T extends object = object> = new () => T;

const ENTRIES = Symbol('environment variables');

/** Binds a property of a config class to an environment variable; class-validator decorators say what is valid. */
export function Env(name: string, options: EnvOptions): PropertyDecorator {
  return (target, property) => {
    const entries: EnvEntry[] = Reflect.getOwnMetadata(ENTRIES, target) ?? [];
    Reflect.defineMetadata(ENTRIES, [...entries, { ...options, name, property: String(property) }], target);
  };
}

/** The variables that a config class declares, in the order of its properties. */
export function environmentOf(config: ConfigClass): readonly EnvEntry[] {
  return Reflect.getOwnMetadata(ENTRIES, config.prototype) ?? [];
}

/** Every reason why the process must not start; none of them holds a value. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Fills one config class from `env`; what is missing or wrong is appended to `problems` by name, never by value. */
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
