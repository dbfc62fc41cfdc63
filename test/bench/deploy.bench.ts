import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Streamed} from '../faults/remote/streamer.ts';
import {openRig, type RigHost} from '../rig/rig.ts';
import {berthImage} from '../support/berth-image.ts';
import {openBerth, type Berth} from '../support/berth.ts';
import {quantile, type Bench, type Figure} from './harness.ts';

const ROUNDS = 7;
const SWAPS = 3;
const CLIENTS = 4;
const STREAMER = join(import.meta.dirname, '..', 'faults', 'remote', 'streamer.ts');
const NANO = ['--host', 'rig1', '--model', 'nano', '--engine', 'embedded'];

/** Deploys of nano to a rig host over SSH: with nothing to do, and by swap while clients stream. */
const deploys: Bench = {
  name: 'deploy',
  async run(signal) {
    await berthImage();
    await using rig = await openRig({hosts: 1});
    const [host] = rig.hosts;
    await using berth = await openBerth();
    const way = [`ssh://ops@${host.address}`, '--identity', host.keyFile];
    await must(berth, 'host', 'add', 'rig1', ...way, '--host-key', await host.hostKeyFingerprint());
    await must(berth, 'deploy', ...NANO);
    return [...(await nothingToDo(berth, host, signal)), ...(await swapping(berth, host, signal))];
  },
};
export default deploys;

async function must(berth: Berth, ...argv: string[]): Promise<Record<string, unknown>> {
  const {code, value, stderr} = await berth.json(...argv);
  if (code !== 0) throw new Error(`berth ${argv.join(' ')}: ${JSON.stringify(value)}\n${stderr}`);
  return value;
}

/** Logins that the host's own sshd has written down. */
const logins = async (host: RigHost): Promise<number> =>
  Number(await host.must(['sh', '-c', "grep -c '^Accepted ' /var/log/sshd.log || true"]));

async function nothingToDo(berth: Berth, host: RigHost, signal: AbortSignal): Promise<Figure[]> {
  const taken: number[] = [];
  const before = await logins(host);
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    const started = performance.now();
    const {outcome} = await must(berth, 'deploy', ...NANO);
    taken.push(performance.now() - started);
    if (outcome !== 'unchanged') throw new Error(`a deploy with nothing to do was ${String(outcome)}`);
  }
  const each = ((await logins(host)) - before) / ROUNDS;
  const conditions = `the whole command, ${ROUNDS} times one after the other; rig host, same machine`;
  return [
    {name: 'no-op over SSH', value: quantile(taken, 0.5), unit: 'ms', goal: {atMost: 3000}, conditions},
    {name: 'no-op over SSH, slowest', value: Math.max(...taken), unit: 'ms', conditions},
    {
      name: 'no-op over SSH: handshakes',
      value: each,
      unit: 'a deploy',
      goal: {atLeast: 1, atMost: 1},
      conditions: "logins in the log of the host's sshd",
    },
  ];
}

async function swapping(berth: Berth, host: RigHost, signal: AbortSignal): Promise<Figure[]> {
  const clients = await stream(berth, host);
  const holds: number[] = [];
  try {
    for (let swap = 1; swap <= SWAPS; swap++) {
      signal.throwIfAborted();
      const change = ['--update', 'swap', '--context', String(1024 + swap * 128)];
      const {ladder, longestHoldMs} = await must(berth, 'deploy', ...NANO, ...change);
      if (ladder !== 'swap') throw new Error(`the deploy went ${String(ladder)}`);
      holds.push(Number(longestHoldMs ?? Number.NaN));
    }
  } finally {
    clients.stop();
  }
  const {answers, failures} = await clients.told;
  const conditions = `${SWAPS} swaps, ${CLIENTS} clients streaming in a loop on the host, ${answers} answers`;
  return [
    {name: 'swap: failed requests', value: failures.length, unit: 'requests', goal: {atMost: 0}, conditions},
    {name: 'swap: longest hold', value: Math.max(...holds), unit: 'ms', conditions},
    {name: 'swap: answers', value: answers, unit: 'answers', goal: {atLeast: CLIENTS}, conditions},
  ];
}

/** Clients in the host's own network, where the gateway's loopback is. */
async function stream({home, port}: Berth, host: RigHost): Promise<{stop(): void; told: Promise<Streamed>}> {
  const keyFile = join(home, '.config/berth/keys/rig1/default.key');
  const inside = ['--net', '--target', String(await host.pid()), '--', process.execPath, STREAMER];
  const child = spawn('nsenter', [...inside, `http://127.0.0.1:${port}`, keyFile, String(CLIENTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  const heard: string[] = [];
  lines.on('line', (line) => heard.push(line));
  const ended = once(child, 'close');
  await Promise.race([once(lines, 'line'), ended]);
  return {
    stop: () => void child.kill('SIGTERM'),
    told: ended.then(() => JSON.parse(heard.at(-1) ?? '') as Streamed),
  };
}
