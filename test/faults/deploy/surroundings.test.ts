import {createServer} from 'node:net';
import {once} from 'node:events';
import {chmod} from 'node:fs/promises';
import {expect, it} from 'vitest';
import {openBerth} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {processesOf} from '../../support/processes.ts';

it('a port that another program holds: the error names it and the flag, before anything is done', async () => {
  await using berth = await openBerth();
  const other = createServer().listen(berth.port, '127.0.0.1');
  await once(other, 'listening');
  try {
    const {code, value} = await berth.json('deploy', '--model', 'nano');
    expect(code).toBe(1);
    const {error} = value as {error: {code: string; message: string; try: string[]}};
    expect(error.code).toBe('port_taken');
    expect(error.message).toContain(`pid ${process.pid}`);
    expect(error.try).toContain(`berth deploy --model nano --port ${berth.port + 1}`);
    expect(await processesOf(berth.home)).toEqual([]);
  } finally {
    other.close();
  }
});

const root = needs(process.getuid?.() === 0, 'root, to run as a user without a name');

it.runIf(root)('a user without a name, as containers have them', async () => {
  // The capabilities stay, so that it can read this checkout wherever it lies.
  const nobody = ['setpriv', '--reuid=54321', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  await using berth = await openBerth({}, nobody);
  await chmod(berth.home, 0o777);
  const {code, stderr} = await berth.json('deploy', '--model', 'nano');
  expect(code, stderr).toBe(0);
  expect((await berth.ask('Hello!')).done).toBe(true);
  expect((await berth.json('health')).code).toBe(0);
});
