import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { HttpConfig } from '../config/http.config.js';

/** Forward secrecy and authenticated encryption only (RFC 9325 section 4.2); TLS 1.3 has nothing else. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

type TlsOptions = Pick<
  SecureContextOptions,
  'key' | 'cert' | 'minVersion' | 'ciphers' | 'honorCipherOrder' | 'ecdhCurve'
>;

/**
 * Returns the options of the HTTPS server with the configured key and certificate. Throws when a file cannot be read.
 */
export function tlsOptions(config: HttpConfig): TlsOptions {
  return {
    key: pem(config.tlsKeyFile, 'TLS_KEY_FILE'),
    cert: pem(config.tlsCertFile, 'TLS_CERT_FILE'),
    minVersion: config.tlsMinVersion,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ecdhCurve: 'X25519:prime256v1:secp384r1',
  };
}

function pem(path = '', variable = ''): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${variable} names a file that cannot be read`, { cause });
  }
}
