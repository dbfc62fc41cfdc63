import {once} from 'node:events';
import {fork} from 'node:child_process';
import {copyFile, open, truncate, writeFile} from 'node:fs/promises';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {engineFor} from '../../../src/engines/index.ts';
import {ask, startEngine, weightsFolder, type RunningEngine} from '../../integration/engines/rig.ts';

let folder: Awaited<ReturnType<typeof weightsFolder>>;
beforeAll(async () => {
  folder = await weightsFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Waits for the engine to end by itself, and says what its log shows. */
async function causeOf(engine: RunningEngine): Promise<{exit: number | null; code: string | undefined}> {
  await using running = engine;
  const exit = await running.exited;
  return {exit, code: engineFor('embedded').explain(running.lines.slice(-50))?.code};
}

/** A copy of nano that somebody spoiled. */
async function spoiled(name: string, spoil: (path: string) => Promise<void>): Promise<string> {
  const path = join(folder.path, name);
  await copyFile(folder.nano, path);
  await spoil(path);
  return path;
}

const overwrite = (at: number, data: Uint8Array) => async (path: string) => {
  await using file = await open(path, 'r+');
  await file.write(data, 0, data.length, at);
};

describe('an engine that cannot serve ends at once with a cause that is known', () => {
  it.each([
    ['truncated in its tensors', (path: string) => truncate(path, 3_000_000)],
    ['truncated in its header', (path: string) => truncate(path, 2000)],
    ['empty', (path: string) => truncate(path, 0)],
    ['not a GGUF', (path: string) => writeFile(path, '<html>not found</html>')],
    ['of an unknown version', overwrite(4, Buffer.from([99, 0, 0, 0]))],
    ['with an absurd count of tensors', overwrite(8, Buffer.alloc(8, 0x7f))],
  ])('weights that are %s', async (name, spoil) => {
    const path = await spoiled(`${name.replaceAll(' ', '-')}.gguf`, spoil);
    expect(await causeOf(startEngine(path))).toEqual({exit: 1, code: 'weights_damaged'});
  });

  it('weights that are not there, or are a folder', async () => {
    expect(await causeOf(startEngine(join(folder.path, 'none.gguf')))).toEqual({
      exit: 1,
      code: 'weights_missing',
    });
    expect(await causeOf(startEngine(folder.path))).toEqual({exit: 1, code: 'weights_missing'});
  });

  it('a context that no memory holds', async () => {
    const cause = await causeOf(startEngine(folder.nano, ['--context', '2000000000']));
    expect(cause).toEqual({exit: 1, code: 'out_of_memory'});
  });

  it('a KV type that does not exist', async () => {
    expect(await causeOf(startEngine(folder.nano, ['--kv-type', 'q9_9']))).toEqual({
      exit: 2,
      code: 'kv_type_unsupported',
    });
  });

  it('a port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const {port} = holder.address() as AddressInfo;
    try {
      // The last of two flags counts.
      expect(await causeOf(startEngine(folder.nano, ['--port', String(port)]))).toEqual({
        exit: 1,
        code: 'port_taken',
      });
    } finally {
      holder.close();
    }
  });
});

describe('the end of an engine', () => {
  it('lets a stream finish on SIGTERM, takes nothing new and exits 0', async () => {
    await using engine = await startEngine(folder.nano).ready();
    const wish = ask('hello', {stream: true, ignore_eos: true, max_tokens: 100});
    const response = await engine.post('/v1/chat/completions', wish);
    engine.child.kill('SIGTERM');
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
    expect(await engine.exited).toBe(0);
    await expect(engine.post('/v1/chat/completions', wish)).rejects.toThrow();
  });

  it('cuts what does not finish within the grace', async () => {
    await using engine = await startEngine(folder.nano, ['--context', '32768']).ready();
    const response = await engine.post(
      '/v1/chat/completions',
      ask('hello', {stream: true, ignore_eos: true}),
    );
    engine.child.kill('SIGTERM');
    // The stream ends with an error event, or its connection with none.
    const text = await response.text().catch(() => 'cut');
    expect(text).not.toContain('[DONE]');
    expect(await engine.exited).toBe(0);
  });

  it('stops while it loads', async () => {
    await using engine = startEngine(folder.nano);
    await engine.line(/listening/);
    engine.child.kill('SIGTERM');
    expect(await engine.exited).toBe(0);
  });

  it('comes when the one that started it is killed', async () => {
    const parent = fork(fileURLToPath(new URL('parent.ts', import.meta.url)), [folder.nano], {silent: true});
    const [origin] = (await once(parent, 'message')) as [string];
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    parent.kill('SIGKILL');
    // Its port tells more than its pid, which stays as long as nobody reaps it.
    const gone = (): Promise<true | undefined> =>
      fetch(`${origin}/health`).then(
        () => undefined,
        () => true,
      );
    await waitFor(gone, {
      what: () => 'the orphan to end',
      deadline: seconds(20),
      clock: systemClock,
      every: ms(20),
    });
  });
});
