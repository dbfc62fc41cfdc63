import {createHash} from 'node:crypto';
import {expect, test} from 'vitest';
import {buildNano, NANO_BYTES, NANO_SHA256} from '../../../src/models/index.ts';
import {AGAIN, CHINESE, ENGLISH} from '../../../src/models/nano/notice.ts';

test('nano is the same file to the byte on every machine', () => {
  const file = buildNano();
  expect(file.length).toBe(NANO_BYTES);
  expect(createHash('sha256').update(file).digest('hex')).toBe(NANO_SHA256);
  expect(NANO_SHA256).toBe('2f00128f759dc254c7a269e1288281171e02f7cf96ae3f17ed53441c674030c7');
});

test('no two pieces of the notice are alike, in either language', () => {
  const pieces = [...ENGLISH, ...CHINESE, AGAIN.english, AGAIN.chinese].flat();
  expect(new Set(pieces).size).toBe(pieces.length);
});

test('both notices have a character that is spelled in byte tokens', () => {
  for (const notice of [ENGLISH, CHINESE]) {
    const bytes = notice.flat().filter((piece) => typeof piece === 'number');
    const character = new TextDecoder('utf-8', {fatal: true}).decode(Uint8Array.from(bytes));
    expect(Array.from(character)).toHaveLength(1);
    expect(bytes.length).toBeGreaterThan(2);
  }
});
