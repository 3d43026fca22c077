import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { HttpConfig } from '../config/http.config.js';
import { refusePlainHttp } from './plain-http.js';
import { tlsOptions } from './tls.js';

describe('TLS', () => {
  it('offers suites with forward secrecy and authenticated encryption only', () => {
    const config = Object.assign(new HttpConfig(), {
      tlsKeyFile: 'package.json',
      tlsCertFile: 'package.json',
      tlsMinVersion: 'TLSv1.3',
    });
    const { ciphers, minVersion } = tlsOptions(config);
    expect(minVersion).toBe('TLSv1.3');
    for (const suite of ciphers!.split(':')) expect(suite).toMatch(/^(?:TLS_|ECDHE-).*(?:GCM|CHACHA20)/);
  });

  it('names the variable of an unreadable file', () => {
    const config = Object.assign(new HttpConfig(), { tlsKeyFile: '/nonexistent', tlsCertFile: 'package.json' });
    expect(() => tlsOptions(config)).toThrow('TLS_KEY_FILE');
  });

  it.each([
    ['plain HTTP', { secure: false, path: '/v1/people', method: 'GET' }, 403],
    ['a plain HTTP POST to /health/', { secure: false, path: '/health/live', method: 'POST' }, 403],
    ['a local health probe', { secure: false, path: '/health/live', method: 'GET' }, undefined],
    ['https', { secure: true, path: '/v1/people', method: 'GET' }, undefined],
  ])('handles %s', (_name, request, status) => {
    let problem: { status?: number } | undefined;
    refusePlainHttp()(request as Request, {} as Response, (error: unknown) => void (problem = error as typeof problem));
    expect(problem?.status).toBe(status);
  });
});
