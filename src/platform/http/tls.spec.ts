import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { HttpConfig } from '../config/http.config.js';
import { trustOf } from './client-ip.js';
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
    ['plain HTTP', { encrypted: false, path: '/v1/people', method: 'GET' }, 403],
    ['a plain HTTP POST to /health/', { encrypted: false, path: '/health/live', method: 'POST' }, 403],
    ['a local health probe', { encrypted: false, path: '/health/live', method: 'GET' }, undefined],
    ['https', { encrypted: true, path: '/v1/people', method: 'GET' }, undefined],
  ])('handles %s', (_name, { encrypted, path, method }, status) => {
    let problem: { status?: number } | undefined;
    const request = { path, method, headers: {}, socket: { encrypted } } as unknown as Request;
    const next = (error: unknown) => void (problem = error as typeof problem);
    refusePlainHttp(trustOf(undefined))(request, {} as Response, next);
    expect(problem?.status).toBe(status);
  });
});
