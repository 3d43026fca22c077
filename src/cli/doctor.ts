import type { Command } from 'commander';
import { ConfigError } from '../platform/config/env.js';
import { loadConfig } from '../platform/config/config.js';
import { type Config } from '../platform/config/config.types.js';
import { DOCTOR_CHECKS, type Check } from './doctor-checks.js';

interface Finding {
  check: string;
  status: 'ok' | 'warning' | 'failed';
  detail: string;
}

const MARKS = { ok: '✓', warning: '!', failed: '✗' } as const;

/** `doctor`: checks every dependency of an installation. The exit code is 1 on an error, and 0 with warnings only. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, database, Redis, keys and storage; changes nothing')
    .option('--json')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine();
      const ok = findings.every(({ status }) => status !== 'failed');
      process.stdout.write(json ? `${JSON.stringify({ ok, checks: findings })}\n` : table(findings));
      process.exit(ok ? 0 : 1); // an application that failed to start leaves connections open
    });
}

/** Runs all checks, even after one fails. If the configuration is invalid, runs none. */
async function examine(): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(process.env, 'cli');
  } catch (error) {
    if (error instanceof ConfigError) return [{ check: 'configuration', status: 'failed', detail: error.message }];
    throw error;
  }
  const findings: Finding[] = [
    { check: 'configuration', status: 'ok', detail: `environment ${config.app.environment}` },
  ];
  for (const [name, check] of Object.entries(DOCTOR_CHECKS))
    findings.push({ check: name, ...(await outcome(check, config)) });
  return findings;
}

async function outcome(check: Check, config: Config): Promise<Omit<Finding, 'check'>> {
  try {
    const { detail, warnings = [] } = await check(config);
    return warnings.length === 0
      ? { status: 'ok', detail }
      : { status: 'warning', detail: [detail, ...warnings].join('; ') };
  } catch (error) {
    return { status: 'failed', detail: reason(error) };
  }
}

/**
 * Returns the message of an error. If a host has several IPs and no connection succeeds, Node.js throws an
 * AggregateError with an empty message; the messages are in its errors.
 */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(
      ({ check, status, detail }) =>
        `${MARKS[status]} ${check.padEnd(width)}  ${detail.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}\n`,
    )
    .join('');
}
