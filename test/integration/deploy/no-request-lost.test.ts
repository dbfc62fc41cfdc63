import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {needsDocker} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
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

const noDocker = await needsDocker();

describe.each([
  {runtime: 'process', skip: false},
  {runtime: 'docker', skip: noDocker},
])('while clients stream in a loop ($runtime)', ({runtime, skip}) => {
  let berth: Berth;
  const deploy = ['deploy', '--model', 'nano', '--engine', 'embedded'];
  beforeAll(async () => {
    if (skip) return;
    // Built before, so that a deploy finds it by what is in it, and pulls nothing.
    if (runtime === 'docker') await berthImage();
    berth = await openBerth({BERTH_RUNTIME: runtime});
    const {code, stderr} = await berth.run(...deploy);
    expect(code, stderr).toBe(0);
  }, 300_000);
  afterAll(async () => {
    if (!skip) await berth[Symbol.asyncDispose]();
  });

  it.skipIf(skip).each([
    ['side by side', 'side-by-side', ['--context', '1024']],
    ['by swap', 'swap', ['--context', '2048', '--update', 'swap']],
  ])('a new release %s loses no request', async (_name, ladder, flags) => {
    const clients = streamInALoop(berth, 4);
    const {code, value} = await berth.json(...deploy, ...flags);
    const {failures, answers} = await clients.stop();
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(4);
    expect(code).toBe(0);
    expect(value.ladder).toBe(ladder);
    if (ladder === 'swap') expect(value.longestHoldMs).toBeGreaterThan(0);
  });

  it.skipIf(skip).each([['auto'], ['swap']])(
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
