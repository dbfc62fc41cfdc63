import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {openBerth, type Berth} from '../../support/berth.ts';
import {writeUnloadable} from '../../support/weights.ts';

/** Clients that stream answers one after the other until they are told to stop; every answer is checked. */
function streamInALoop(berth: Berth, clients: number) {
  let going = true;
  const failures: string[] = [];
  let answers = 0;
  const loops = Array.from({length: clients}, async () => {
    while (going) {
      try {
        const {content, done} = await berth.ask('Hello!');
        if (!done || !content.includes('Berth')) failures.push(`broken answer: ${content}`);
        answers++;
      } catch (error) {
        failures.push(String(error));
      }
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(loops);
      return {failures, answers};
    },
  };
}

describe('while clients stream in a loop', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth();
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
  });

  it.each([
    ['side by side', 'side-by-side', ['--context', '1024']],
    ['by swap', 'swap', ['--context', '2048', '--update', 'swap']],
  ])('a new release %s loses no request', async (_name, ladder, flags) => {
    const clients = streamInALoop(berth, 4);
    const {code, value} = await berth.json('deploy', '--model', 'nano', ...flags);
    const {failures, answers} = await clients.stop();
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(4);
    expect(code).toBe(0);
    expect(value.ladder).toBe(ladder);
    if (ladder === 'swap') expect(value.longestHoldMs).toBeGreaterThan(0);
  });

  it.each([['auto'], ['swap']])(
    'a release that cannot load leaves the old one serving (update: %s)',
    async (update) => {
      await mkdir(join(berth.home, 'weights'), {recursive: true});
      const file = join(berth.home, 'weights', 'unloadable.gguf');
      await writeUnloadable(file);
      const before = (await berth.json('status')).value.release;
      const clients = streamInALoop(berth, 2);
      const {code, value} = await berth.json('deploy', '--model', file, '--update', update);
      const {failures} = await clients.stop();
      expect(failures).toEqual([]);
      expect(code).toBe(1);
      expect(value).toMatchObject({error: {code: 'deploy_failed', details: {serving: before}}});
      expect((await berth.json('status')).value).toMatchObject({state: 'serving', release: before});
    },
  );
});
