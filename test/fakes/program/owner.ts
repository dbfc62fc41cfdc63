/**
 * The owner of a change, as a process of its own, so that it can be killed: goes to the point it is told
 * (argv: state root, gateway spec, engine spec, point), prints the point, and stays there.
 */
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {openLocalHost, type EngineSpec, type GatewaySpec} from '../../../src/hosts/index.ts';

const [stateRoot = '', gateway = '', engine = '', point = ''] = process.argv.slice(2);
const host = openLocalHost({stateRoot, clock: systemClock, env: process.env});
const runtime = await host.runtime('process');
const reach = async (name: string): Promise<void> => {
  if (name !== point) return;
  console.log(name);
  // Whoever started this one kills it here.
  await new Promise(() => setInterval(() => undefined, 60_000));
};

const before = await runtime.observe('demo');
const spec = JSON.parse(engine) as EngineSpec;
const transition = await runtime.begin('demo', JSON.parse(gateway) as GatewaySpec, 'the killed owner');
await reach('opened');
await transition.order({order: 'hold', limitMs: 30_000});
await reach('held');
if (before.state === 'running')
  for (const {name} of before.engines) await transition.stopEngine(name, seconds(2));
await reach('stopped');
const {name} = await transition.startEngine(spec);
await reach('started');
const {origin, token} = await transition.endpoint(name);
const headers = {authorization: `Bearer ${token.reveal()}`};
const isReady = async (): Promise<boolean> =>
  (await fetch(`${origin}/health`, {headers}).catch(() => undefined))?.status === 200;
while (!(await isReady())) await systemClock.sleep(seconds(0.02));
await transition.route(name);
await reach('routed');
await transition.commit(name);
await reach('committed');
