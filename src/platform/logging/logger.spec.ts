import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../config/app.config.js';
import { Context, withContext } from '../context/context.js';
import { AppLogger, UNSAFE_logRequestBody } from './logger.js';

function linesOf(environment: string, act: (logger: AppLogger) => void, logLevel = 'info'): string[] {
  const lines: string[] = [];
  const config = Object.assign(new AppConfig(), { environment, logLevel });
  const logger = new AppLogger(config, { write: (line) => void lines.push(line) });
  withContext(new Context({ requestId: 'request-1' }), () => act(logger));
  return lines;
}

describe('the logger', () => {
  it('writes one JSON object per line with the request id', () => {
    const [line] = linesOf('production', (logger) => logger.warn('job slow', { job: 'exports.render', seconds: 3 }));
    expect(JSON.parse(line!)).toMatchObject({
      level: 'warn',
      msg: 'job slow',
      job: 'exports.render',
      seconds: 3,
      requestId: 'request-1',
      environment: 'production',
    });
  });

  it('redacts messages, fields, and errors', () => {
    const text = linesOf('production', (logger) => {
      logger.error('no mail to jane@example.org', new Error('refused for 123-45-6789'), { password: 'hunter2' });
      logger.log({ firstName: 'Jane' });
      logger.error('failed', 'Error: jane@example.org\n    at here', 'Context');
    }).join('');
    expect(text).not.toMatch(/jane|Jane|hunter2|123-45/);
    expect(text).toContain('"context":"Context"');
  });

  it('writes nothing below its level', () => {
    expect(linesOf('production', (logger) => logger.debug('quiet'))).toEqual([]);
    expect(linesOf('production', (logger) => logger.fatal('quiet'), 'silent')).toEqual([]);
  });

  it('writes readable lines with the stack below in development', () => {
    const [line] = linesOf('development', (logger) => logger.error('broken', { err: new Error('why') }));
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} ERROR broken requestId=request-1 orgId=[0-9a-f-]+\nError: why\n {4}at /,
    );
  });

  it('never logs request bodies', () => {
    expect(() => UNSAFE_logRequestBody()).toThrow('never logged');
  });
});
