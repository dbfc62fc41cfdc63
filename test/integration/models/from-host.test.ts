/** `berth models import --from HOST`, from a real host over SSH into this machine's store. */
import {createHash} from 'node:crypto';
import {readFile, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mib} from '../../../src/base/units.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

const SIZE = mib(160);
const FILE = '/home/ops/.cache/berth/weights/large/large.gguf';

describe.skipIf(await needsDocker())('berth models import --from rig1', () => {
  let rig: Rig;
  let berth: Berth;
  let sha256: string;
  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    const [host] = rig.hosts;
    const make = 'mkdir -p "$(dirname "$1")" && head -c "$2" /dev/urandom > "$1" && sha256sum < "$1"';
    const made = await host.must(['sh', '-c', make, 'make', FILE, String(SIZE)], {user: 'ops'});
    sha256 = made.slice(0, 64);
    // Nobody listens on port 9: whatever is imported needs no hub.
    berth = await openBerth({HF_ENDPOINT: 'http://127.0.0.1:9', MODELSCOPE_ENDPOINT: 'http://127.0.0.1:9'});
    const large = {huggingface: 'somebody/large', file: 'large.gguf', sha256};
    await writeFile(join(berth.home, 'berth.yaml'), JSON.stringify({models: {large}}));
    const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
    const added = await berth.run('host', 'add', 'rig1', `ssh://ops@${host.address}`, ...key);
    expect(added.code, added.stderr).toBe(0);
  }, RIG_START_MS);
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await rig.hosts[0].must(['rm', '-rf', '/home/ops/.cache/berth/weights/large']);
    await rig[Symbol.asyncDispose]();
  });

  const local = () => join(berth.home, '.cache/berth/weights/large');

  it('is killed in the middle and goes on where it was, with speed and time left', async () => {
    const child = berth.spawn('models', 'import', '--from', 'rig1', 'large', '--json');
    if (!child.stderr) throw new Error('no stderr');
    let had = 0;
    for await (const line of createInterface({input: child.stderr})) {
      const event = JSON.parse(line) as {id?: string; current?: number};
      if (event.id !== 'weights/download' || (event.current ?? 0) < SIZE / 8) continue;
      had = event.current ?? 0;
      break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(had).toBeLessThan(SIZE);
    expect(await readdir(local())).toContain('large.gguf.partial');

    const {code, value, stderr} = await berth.json('models', 'import', '--from', 'rig1', 'large');
    expect(code, stderr).toBe(0);
    const path = join(local(), 'large.gguf');
    expect(value).toMatchObject({
      schema: 'berth.models-import/1',
      imported: [{model: 'large', path, sha256, totalBytes: SIZE, linked: false}],
    });
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const downloads = events.filter(({id}) => id === 'weights/download');
    expect(downloads[0]).toMatchObject({status: 'started', total: SIZE});
    expect(Number(downloads[0]?.current)).toBeGreaterThanOrEqual(had);
    expect(
      downloads.some(({bytesPerSecond, leftMs}) => Number(bytesPerSecond) > 0 && leftMs !== undefined),
    ).toBe(true);
    expect(events.some(({id, status}) => id === 'weights/verify' && status === 'done')).toBe(true);
    expect(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ).toBe(sha256);
    expect((await readdir(local())).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('says that it is here, what is not there, and what may not be said together', async () => {
    const again = await berth.run('models', 'import', '--from', 'rig1');
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('large file (160 MiB) is copied and verified at');
    expect(await berth.json('models', 'import', '--from', 'rig1', 'qwen3-4b-instruct-2507')).toMatchObject({
      code: 2,
      value: {
        error: {
          code: 'import_nothing_there',
          try: ['berth models pull qwen3-4b-instruct-2507', 'berth host check rig1'],
        },
      },
    });
    expect(await berth.json('models', 'import')).toMatchObject({code: 2, value: {error: {code: 'usage'}}});
    expect((await berth.json('models', 'import', '--from', 'rig1', '--link')).code).toBe(2);
    expect(await berth.json('models', 'import', '--from', 'nowhere')).toMatchObject({code: 2});
  });
});
