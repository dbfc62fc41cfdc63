import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {mib} from '../../../src/base/units.ts';
import {addLease, endLease, type LeaseParts} from '../../../src/capacity/index.ts';
import {openCpuDevice} from '../../../src/card/index.ts';
import {openLocalHost, type Host} from '../../../src/hosts/index.ts';
import {temporaryFolder} from '../../support/temporary.ts';

/** A real host, a real device and real programs; that the model is slowed is said, not done. */
describe.skipIf(process.platform !== 'linux')('while the model is slowed', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let host: Host;
  let parts: LeaseParts;
  const {signal} = new AbortController();

  beforeAll(async () => {
    folder = await temporaryFolder();
    host = openLocalHost({stateRoot: join(folder.path, 'state'), clock: systemClock, env: process.env});
    parts = {
      ...{host, clock: systemClock, signal, device: openCpuDevice({clock: systemClock})},
      claims: () =>
        Promise.resolve({models: [], programs: {bytes: mib(0), usedBytes: mib(0)}, pids: new Set()}),
      slowed: () => Promise.resolve({deployment: 'default', slowForMs: 9000, ratio: 2.13}),
    };
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const wish = {
    ...{name: 'newcomer', bytes: mib(50)},
    tenant: {kind: 'command', argv: ['sleep', '60']} as const,
    command: (size: string) => `berth lease add newcomer ${size} -- sleep 60`,
  };

  it('starts nobody new, and names the way to do it all the same', async () => {
    const refused = await addLease(parts, wish).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'lease_model_slowed',
      exit: 1,
      try: ['berth guard status --name default', 'berth lease add newcomer --ram 50MiB --anyway -- sleep 60'],
      details: {deployment: 'default', slowForMs: 9000, ratio: 2.13},
    });
    expect(String(refused)).toContain('2.1 times');
    const {lease} = await addLease(parts, {...wish, anyway: true});
    expect(lease).toMatchObject({name: 'newcomer', subject: {kind: 'process'}});
    await endLease(parts, 'newcomer');
    if (lease.subject.kind === 'process') process.kill(lease.subject.pid);
  });

  it('promises bytes to those who run already, and to those to come', async () => {
    const {lease} = await addLease(parts, {...wish, name: 'later', tenant: {kind: 'nobody-yet'}});
    expect(lease.subject.kind).toBe('open');
    const adopted = await addLease(parts, {
      ...{...wish, name: 'present', bytes: undefined},
      tenant: {kind: 'process', pid: process.pid},
    });
    expect(adopted.lease.subject.kind).toBe('process');
  });
});
