import {mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {bytes, gib, mib} from '../../../../src/base/units.ts';
import {openLeaseBook} from '../../../../src/capacity/leases/book.ts';
import {judgeLeases, toleranceOf, type Broken} from '../../../../src/capacity/leases/breach.ts';
import {temporaryFolder} from '../../../support/temporary.ts';

const use = (usedBytes: number) => [{name: 'sd', bytes: gib(2), usedBytes: bytes(usedBytes)}];

describe('a broken lease', () => {
  it('is told once, and once when it is kept again', () => {
    const held = [1, 2.01, 2.5, 3, 2.01, 2, 1.5, 2.5].map(gib);
    let broken: Broken = new Map();
    const told = held.map((usedBytes, second) => {
      const judged = judgeLeases(broken, use(usedBytes), second * 1000);
      broken = judged.broken;
      return judged.found.map(({state, sinceMs}) => `${state} since ${sinceMs}`).join();
    });
    expect(told).toEqual(['', '', 'broken since 2000', '', '', 'kept since 2000', '', 'broken since 7000']);
  });

  it('is one that takes more than a small tolerance, to the byte', () => {
    const most = gib(2) + toleranceOf(gib(2));
    expect(judgeLeases(new Map(), use(most), 0).found).toEqual([]);
    expect(judgeLeases(new Map(), use(most + 1), 0).found).toMatchObject([
      {state: 'broken', name: 'sd', usedBytes: most + 1, toleranceBytes: toleranceOf(gib(2))},
    ]);
    expect(toleranceOf(mib(64))).toBe(mib(16));
  });

  it('is forgotten with its lease', () => {
    const {broken, found} = judgeLeases(new Map([['gone', 0]]), [], 1000);
    expect([broken.size, found]).toEqual([0, []]);
  });
});

describe('the leases of this machine, looked at each second', () => {
  it('are read again when they change, and one that is damaged is said once and hides no other', async () => {
    await using folder = await temporaryFolder();
    const said: string[] = [];
    const book = openLeaseBook(join(folder.path, '.leases'), (line) => said.push(line));
    const reading = {
      at: new Date('2026-01-01T00:00:00Z'),
      totalBytes: gib(8),
      usedBytes: gib(1),
      freeBytes: gib(7),
      reservedBytes: bytes(0),
      processes: [{pid: 7, name: 'a', command: 'a', usedBytes: mib(5), lease: 'sd'}],
    };
    const held = () =>
      book.holdings('cpu', reading).map(({lease, usedBytes}) => [lease.name, lease.bytes, usedBytes]);
    const put = async (name: string, text: string): Promise<void> => {
      await mkdir(join(folder.path, '.leases'), {recursive: true});
      await writeFile(join(folder.path, '.leases', `${name}.json`), text);
    };
    const lease = (name: string, size: number): string =>
      JSON.stringify({
        ...{schema: 'berth.lease/1', name, device: 'cpu', bytes: size, owner: 'a', tier: 'T0'},
        ...{createdAt: '2026-01-01T00:00:00Z', subject: {kind: 'open'}},
      });
    await book.refresh();
    expect(held()).toEqual([]);
    await put('sd', lease('sd', gib(1)));
    await put('bad', '{');
    await book.refresh();
    await book.refresh();
    expect(held()).toEqual([['sd', gib(1), mib(5)]]);
    expect(said).toHaveLength(1);
    await put('sd', lease('sd', gib(2) + 1));
    await book.refresh();
    expect(held()).toEqual([['sd', gib(2) + 1, mib(5)]]);
    await rm(join(folder.path, '.leases/sd.json'));
    await book.refresh();
    expect(held()).toEqual([]);
  });
});
