import {describe, expect, it} from 'vitest';
import {addressed, addressIn, addressOf, wishIn} from '../../../src/cli/address.ts';
import {tellError} from '../../../src/cli/tell-error.ts';
import {BerthError} from '../../../src/base/errors.ts';

describe('the address of a command line', () => {
  it.each([
    [['--host', 'rig1', '--name', 'b'], {host: 'rig1', name: 'b'}],
    [['--host=rig1', '-n', 'b', '-c', 'x.yaml'], {host: 'rig1', name: 'b', config: 'x.yaml'}],
    [['--json'], {}],
    [['--host'], {}],
    [['gateway', '--', '--host', 'rig1'], {}],
  ])('is read from %j', (argv, address) => {
    expect(addressIn(argv)).toEqual(address);
  });

  it('of a result leaves out what is the default', () => {
    expect(addressOf({host: 'local', deployment: 'default'})).toEqual({});
    expect(addressOf({host: 'rig1', deployment: 'b'})).toEqual({host: 'rig1', name: 'b'});
  });
});

describe('a next command', () => {
  const address = {host: 'rig1', name: 'b', config: 'my file.yaml'};
  const flags = "--host rig1 --name b --config 'my file.yaml'";
  it.each([
    ['berth logs gateway', `berth logs ${flags} gateway`],
    ['berth rollback 3', `berth rollback ${flags} 3`],
    ['berth deploy --kv f16', `berth deploy ${flags} --kv f16`],
    ['sudo berth doctor', `sudo berth doctor ${flags}`],
    ['HF_ENDPOINT=https://m berth doctor', `HF_ENDPOINT=https://m berth doctor ${flags}`],
    ['berth image prune', 'berth image prune --host rig1'],
    ['berth status --host other', `berth status --name b --config 'my file.yaml' --host other`],
  ])('"%s" leads to the same deployment', (command, full) => {
    expect(addressed(command, address)).toBe(full);
  });

  it.each(['berth host check rig1', 'berth models', 'docker info', 'npm install', 'sudo reboot'])(
    '"%s" has no deployment and stays',
    (command) => {
      expect(addressed(command, address)).toBe(command);
    },
  );

  it.each([
    [
      'berth deploy --context 4096',
      'berth deploy --model x --profile headroom --engine embedded --context 4096',
    ],
    ['berth deploy --engine vllm', 'berth deploy --model x --engine vllm'],
    ['berth deploy --model y', 'berth deploy --model y'],
    ['berth logs', 'berth logs'],
  ])('"%s" is about the model that was to be deployed', (command, full) => {
    const wish = wishIn(['-m', 'x', '--engine=embedded', '--profile', 'headroom', '--context', '9']);
    expect(wish).toEqual({model: 'x', engine: 'embedded', profile: 'headroom'});
    expect(addressed(command, {wish})).toBe(full);
  });

  it('stays where everything is the default', () => {
    expect(addressed('berth logs', {})).toBe('berth logs');
  });

  it('of an error that a command tells is in full, in both forms', async () => {
    const error = new BerthError({code: 'x', what: () => 'What.', try: ['berth logs', 'docker info']});
    const tell = async (json: boolean): Promise<string> => {
      let text = '';
      const write = (piece: string): void => void (text += piece);
      const more = {stateFolder: '/nowhere', interrupted: false, stdout: write, stderr: write};
      await tellError(error, {language: 'en', json, address: {host: 'rig1'}, ...more});
      return text;
    };
    expect(await tell(false)).toContain('try: berth logs --host rig1\n       docker info\n');
    expect(JSON.parse(await tell(true))).toMatchObject({
      error: {try: ['berth logs --host rig1', 'docker info']},
    });
  });
});
