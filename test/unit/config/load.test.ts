import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib} from '../../../src/base/units.ts';
import {loadSettings, loadSettingsFrom, type SettingsFlags} from '../../../src/deploy/config/load.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-config-'));
});
afterEach(() => rm(folder, {recursive: true}));

const write = (text: string): Promise<void> => writeFile(join(folder, 'berth.yaml'), text);

async function failure(flags: SettingsFlags = {}, file?: string): Promise<BerthError> {
  const thrown = await loadSettings({cwd: folder, flags, file}).catch((error: unknown) => error);
  if (!(thrown instanceof BerthError)) throw new Error('expected a BerthError');
  expect(thrown.exit).toBe(ExitCode.usage);
  return thrown;
}

describe('loadSettings', () => {
  it('needs no file', async () => {
    const {settings, file} = await loadSettingsFrom({cwd: folder});
    expect(file).toBeUndefined();
    expect(settings.deployment).toBe('default');
  });

  it('reads berth.yaml, and lets flags win key by key', async () => {
    await write('model: nano\nbudget: 12GiB\ngateway:\n  port: 9000\n  address: 0.0.0.0\n');
    const {settings, file} = await loadSettingsFrom({
      cwd: folder,
      flags: {name: 'second', port: 9001, model: undefined},
    });
    expect(file).toBe(join(folder, 'berth.yaml'));
    expect(settings).toMatchObject({
      deployment: 'second',
      model: 'nano',
      budget: gib(12),
      gateway: {port: 9001, address: '0.0.0.0', auth: 'key'},
    });
  });

  it('means the path of a model from where the file lies', async () => {
    await write('models:\n  mine:\n    path: sub/a.gguf\n');
    const {settings} = await loadSettingsFrom({cwd: tmpdir(), file: join(folder, 'berth.yaml')});
    expect(settings.models).toEqual({mine: {path: join(folder, 'sub/a.gguf')}});
  });

  it('takes an empty file and a file of comments for no wishes', async () => {
    await write('# nothing yet\n');
    expect((await loadSettings({cwd: folder})).deployment).toBe('default');
  });

  it.each([
    ['modle: nano\n', 'berth.yaml:1:1: there is no setting "modle". Did you mean "model"?'],
    [
      'model: nano\ngateway:\n  port: 99999\n',
      'berth.yaml:3:9: gateway.port cannot be "99999". Allowed: 65535 or less.',
    ],
    ['gateway:\n  limits:\n    queu: 1\n', 'berth.yaml:3:5: there is no setting "gateway.limits.queu".'],
    ['kv: f32\n', 'berth.yaml:1:5: kv cannot be "f32". Allowed: f16, q8_0, q4_0.'],
    ['concurrency: many\n', 'berth.yaml:1:14: concurrency cannot be "many". Allowed: a whole number.'],
    ['deployment: My Model\n', 'berth.yaml:1:13: deployment cannot be "My Model". Allowed: lower-case'],
    ['budget: lots\n', 'berth.yaml:1:9: budget cannot be "lots". Allowed: a quantity such as 12GiB.'],
    ['budget: [1]\n', 'berth.yaml:1:9: budget cannot be "[1]". Allowed: a quantity such as'],
    ['model: 5\n', 'berth.yaml:1:8: model cannot be "5". Allowed: text (put it in quotes).'],
    [
      'models:\n  mine:\n    huggingface: not a repository\n',
      'berth.yaml:3:18: models.mine.huggingface cannot be "not a repository". Allowed: owner/name or owner/name@revision.',
    ],
    [
      'models:\n  mine:\n    path: a.gguf\n    huggingface: a/b\n',
      'berth.yaml:3:5: models.mine cannot be "{"path":"a.gguf","huggingface":"a/b"}". Allowed: huggingface or modelscope',
    ],
    [
      'models:\n  mine:\n    huggingface: a/b\n    file: ../../etc/x.gguf\n',
      'models.mine.file cannot be "../../etc/x.gguf". Allowed: the path of a .gguf file in the repository.',
    ],
    [
      'models:\n  mine:\n    hugingface: a/b\n',
      'there is no setting "models.mine.hugingface". Did you mean "huggingface"?',
    ],
    ['models:\n  My Model:\n    path: a.gguf\n', 'models.My Model cannot be'],
    ['gateway: yes please\n', 'berth.yaml:1:10: gateway cannot be "yes please". Allowed: settings below it'],
    ['- a\n- b\n', 'berth.yaml:1:1: expected "key: value" lines.'],
    ['model: [unclosed\n', 'berth.yaml:2:1: this is not YAML'],
    ['model: a\nmodel: b\n', 'berth.yaml:2:1: this is not YAML: Map keys must be unique'],
    ['model: *nowhere\n', 'this is not YAML'],
  ])('names place, key and remedy of %j', async (text, message) => {
    await write(text);
    expect((await failure()).message).toContain(message);
  });

  it('shows every mistake of a file at once, in its order', async () => {
    await write('kv: f32\nmodel: nano\nport: 1\n');
    const error = await failure();
    expect(error.message.split('\n').map((line) => line.split(': ')[0])).toEqual([
      'berth.yaml:1:5',
      'berth.yaml:3:1',
    ]);
    expect(error.details).toMatchObject({
      file: 'berth.yaml',
      mistakes: [{line: 1, column: 5, key: 'kv'}, {}],
    });
  });

  it('says the same in Chinese', async () => {
    await write('modle: nano\n');
    expect((await failure()).what(textsFor('zh-CN'))).toBe(
      'berth.yaml:1:1: 没有“modle”这个设置。您是不是要写“model”？',
    );
  });

  it('names the flag when the flag is the mistake', async () => {
    await write('model: nano\n');
    expect((await failure({name: 'Bad Name'})).message).toMatch(/^--name cannot be "Bad Name"/);
    expect((await failure({port: 0})).message).toBe('--port cannot be "0". Allowed: 1 or more.');
  });

  it('refuses a named file that is missing, is a folder or is huge', async () => {
    expect((await failure({}, 'missing.yaml')).code).toBe('config_unreadable');
    expect((await failure({}, '.')).code).toBe('config_unreadable');
    await writeFile(join(folder, 'huge.yaml'), Buffer.alloc(1024 * 1024 + 1, '#'));
    expect((await failure({}, 'huge.yaml')).message).toContain('larger than 1 MiB');
  });
});
