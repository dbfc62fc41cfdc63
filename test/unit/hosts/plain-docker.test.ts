import {describe, expect, it} from 'vitest';
import {stdoutIn} from '../../../src/hosts/docker/plain.ts';

const frame = (stream: 1 | 2, text: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

describe("a program's output in Docker's frames", () => {
  it('is what went to stdout, in order, also where a character lies in two frames', () => {
    const whole = Buffer.concat([frame(1, 'one '), frame(2, 'a complaint'), frame(1, 'two\n')]);
    expect(stdoutIn(whole)).toBe('one two\n');
    const euro = Buffer.from('€');
    const halves = [euro.subarray(0, 1), euro.subarray(1)].map((part) => {
      const header = Buffer.alloc(8);
      header[0] = 1;
      header.writeUInt32BE(part.length, 4);
      return Buffer.concat([header, part]);
    });
    expect(stdoutIn(Buffer.concat(halves))).toBe('€');
  });

  it('is nothing where nothing came, and what came of one that was cut', () => {
    expect(stdoutIn(Buffer.alloc(0))).toBe('');
    expect(stdoutIn(frame(1, 'whole').subarray(0, 10))).toBe('wh');
  });
});
