import { describe, expect, it } from '@jest/globals';
import { DecryptionFailed } from './errors.js';
import { gcmOpen, gcmSeal } from './gcm.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/**
 * The AES-256 cases with a 96-bit IV from "The Galois/Counter Mode of Operation" (McGrew, Viega; submitted to NIST),
 * appendix B.
 */
const KEY = 'feffe9928665731c6d6a8f9467308308'.repeat(2);
const TEXT =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const SEALED =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';
const cases = [
  {
    name: '13',
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    text: '',
    aad: '',
    sealed: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    name: '14',
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    text: '00'.repeat(16),
    aad: '',
    sealed: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: '15',
    key: KEY,
    iv: 'cafebabefacedbaddecaf888',
    text: TEXT,
    aad: '',
    sealed: SEALED,
    tag: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    name: '16',
    key: KEY,
    iv: 'cafebabefacedbaddecaf888',
    text: TEXT.slice(0, 120),
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    sealed: SEALED.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];

describe('AES-256-GCM', () => {
  it.each(cases)('matches NIST test case $name', ({ key, iv, text, aad, sealed, tag }) => {
    expect(gcmSeal(hex(key), hex(iv), hex(text), hex(aad)).toString('hex')).toBe(sealed + tag);
    expect(gcmOpen(hex(key), hex(iv), hex(sealed + tag), hex(aad), 'a value').toString('hex')).toBe(text);
  });

  it('rejects a truncated tag, which would make forgery easy', () => {
    const sealed = gcmSeal(hex(KEY), Buffer.alloc(12), Buffer.alloc(0), Buffer.alloc(0));
    for (let length = 0; length < 16; length++) {
      expect(() => gcmOpen(hex(KEY), Buffer.alloc(12), sealed.subarray(0, length), Buffer.alloc(0), 'a value')).toThrow(
        DecryptionFailed,
      );
    }
  });

  it('requires a 32-byte key and a 12-byte IV', () => {
    const [key, iv, none] = [Buffer.alloc(32), Buffer.alloc(12), Buffer.alloc(0)];
    expect(() => gcmSeal(Buffer.alloc(16), iv, none, none)).toThrow(TypeError);
    expect(() => gcmOpen(Buffer.alloc(33), iv, Buffer.alloc(16), none, 'a value')).toThrow(TypeError);
    expect(() => gcmSeal(key, Buffer.alloc(16), none, none)).toThrow(TypeError);
  });
});
