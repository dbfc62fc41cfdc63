/** A host of the rig with a deployment on it, as the faults of a deploy over SSH are tried on it. */
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {text} from 'node:stream/consumers';
import {expect} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import type {RigHost} from '../../rig/host.ts';
import {rigImages} from '../../rig/image.ts';
import {openRig, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import type {Streamed} from './streamer.ts';

const PATIENCE = seconds(60);
const STREAMER = join(import.meta.dirname, 'streamer.ts');

export const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor(ask, {what: () => what, deadline: PATIENCE, clock: systemClock, every: ms(200)});

/** What a command said and how it ended. */
export interface Told {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it printed: a result, or an error. Undefined when it was killed before. */
  value: Record<string, unknown> | undefined;
  /** Steps that have begun, in their order. */
  steps: string[];
  /** The steps at which something was done. */
  reached: string[];
}

export interface ToldError {
  code: string;
  exit: number;
  message: string;
  why?: string;
  try: string[];
}

export const errorOf = ({value}: Told): ToldError => (value as {error: ToldError}).error;

/** One error for people, of which nothing is a bug. */
export function expectError(told: Told, ...codes: string[]): void {
  const said = JSON.stringify(told.value);
  expect(codes, said).toContain(errorOf(told).code);
  expect(told.code, said).toBe(errorOf(told).exit);
}

/** Makes the host known to a client, by this name and address. */
export async function addHost(
  berth: Berth,
  name: string,
  host: RigHost,
  address = host.address,
): Promise<void> {
  const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
  const added = await berth.run('host', 'add', name, `ssh://ops@${address}`, ...key);
  expect(added.code, added.stderr).toBe(0);
}

export class Site implements AsyncDisposable {
  readonly berth: Berth;
  readonly host: RigHost;
  readonly image: string;
  readonly #opened: AsyncDisposableStack;
  #context = 1024;

  constructor(berth: Berth, host: RigHost, image: string, opened: AsyncDisposableStack) {
    this.berth = berth;
    this.host = host;
    this.image = image;
    this.#opened = opened;
  }

  /** The rig with an empty host, and a client in an empty home that knows it. */
  static async open(): Promise<Site> {
    await using opened = new AsyncDisposableStack();
    const [{base}, image] = [await rigImages(), await berthImage()];
    const rig: Rig = opened.use(await openRig({hosts: 1}));
    const [host] = rig.hosts;
    const berth = opened.use(await openBerth({BERTH_BASE: base}));
    await addHost(berth, 'rig1', host);
    return new Site(berth, host, image, opened.move());
  }

  /** Another client of the same host, in a home of its own. It goes with the site. */
  async otherClient(): Promise<Berth> {
    const berth = this.#opened.use(await openBerth({BERTH_BASE: this.berth.env.BERTH_BASE ?? ''}));
    await addHost(berth, 'rig1', this.host);
    return berth;
  }

  /** Flags of a deploy that makes a new release each time. */
  newRelease(...more: string[]): string[] {
    return this.newReleaseOn('rig1', ...more);
  }

  /** The same, by another name of the host. */
  newReleaseOn(host: string, ...more: string[]): string[] {
    this.#context += 128;
    const settings = ['--model', 'nano', '--engine', 'embedded', '--context', String(this.#context)];
    return ['deploy', '--host', host, ...settings, ...more];
  }

  /** Runs a command to its end; `act` is called when one of `at` begins, and the command stands still meanwhile. */
  run(
    argv: readonly string[],
    at: readonly string[] = [],
    act?: (child: ChildProcess) => unknown,
  ): Promise<Told> {
    return this.watch(this.berth, argv, at, async (child) => {
      child.kill('SIGSTOP');
      await act?.(child);
      child.kill('SIGCONT');
    });
  }

  /** Runs a command of this client to its end; `act` is called when one of `at` begins, and the command goes on. */
  async watch(
    berth: Berth,
    argv: readonly string[],
    at: readonly string[] = [],
    act?: (child: ChildProcess) => unknown,
  ): Promise<Told> {
    const child = berth.spawn(...argv, '--json');
    if (!child.stderr || !child.stdout) throw new Error('no output');
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const printed = text(child.stdout);
    const steps: string[] = [];
    const said: string[] = [];
    const reached: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      const event = line.startsWith('{') ? (JSON.parse(line) as {id: string; status: string}) : undefined;
      if (!event) said.push(line);
      if (event?.status !== 'started') continue;
      steps.push(event.id);
      if (reached.includes(event.id) || !at.includes(event.id)) continue;
      reached.push(event.id);
      await act?.(child);
    }
    const [code, signal] = await exited;
    const out = await printed;
    if (out === '' && signal === null)
      throw new Error(`berth ${argv.join(' ')} said nothing: ${said.join('\n')}`);
    return {
      code,
      signal,
      value: out === '' ? undefined : (JSON.parse(out) as Record<string, unknown>),
      steps,
      reached,
    };
  }

  /** A run that must end well. */
  async must(argv: readonly string[]): Promise<Record<string, unknown>> {
    const told = await this.run(argv);
    expect(told.code, JSON.stringify(told.value)).toBe(0);
    return told.value ?? {};
  }

  async status(...more: string[]): Promise<Record<string, unknown>> {
    return (await this.run(['status', '--host', 'rig1', ...more])).value ?? {};
  }

  /** Names of all containers of Berth on the host, running or not: of deployments, and short-lived ones. */
  async containers(): Promise<string[]> {
    const format = '{{.Names}} {{.Label "dev.berth.role"}}';
    const listed = await this.host.must([
      'docker',
      'ps',
      '--all',
      '--filter',
      'label=dev.berth.role',
      '--format',
      format,
    ]);
    return listed === '' ? [] : listed.split('\n').sort();
  }

  /** The containers of one role, by their names. */
  async containersOf(role: string): Promise<string[]> {
    return (await this.containers()).flatMap((line) =>
      line.endsWith(` ${role}`) ? [line.split(' ')[0] ?? ''] : [],
    );
  }

  /** The deployments on the host serve, with one container a program, and nothing else is left. */
  async settled(...deployments: string[]): Promise<Record<string, unknown>> {
    const names = deployments.length > 0 ? deployments : ['default'];
    const wanted = names.length * 3;
    let left: string[] = [];
    await until('three containers a deployment, and no other', async () => {
      left = await this.containers();
      return left.length === wanted ? true : undefined;
    }).catch((error: unknown) => {
      throw new Error(`there are ${left.join(', ')}`, {cause: error});
    });
    let status: Record<string, unknown> = {};
    for (const name of names) {
      await until('the deployment to serve', async () => {
        status = await this.status('--name', name);
        return status.state === 'serving' && status.changing === undefined ? true : undefined;
      }).catch((error: unknown) => {
        throw new Error(`${name}: ${JSON.stringify(status)}`, {cause: error});
      });
    }
    return status;
  }

  /** Runs a deploy once more: it must end well, leave no lock and nothing else behind. */
  async converge(flags: readonly string[], ...deployments: string[]): Promise<Record<string, unknown>> {
    const result = await this.must(flags);
    await this.settled(...deployments);
    await this.expectNoLocks();
    return result;
  }

  async expectNoLocks(): Promise<void> {
    const locks = await this.host.must(['find', '/home/ops/.local/state/berth', '-name', 'lock*']);
    expect(locks).toBe('');
  }

  /** Streams from inside the host until it is stopped; `thinks` between an answer and the next question. */
  async stream(
    name = 'default',
    port = this.berth.port,
    host = 'rig1',
    thinks = ms(50),
  ): Promise<{stop(): Promise<Streamed>}> {
    const keyFile = join(this.berth.home, '.config/berth/keys', host, `${name}.key`);
    const inside = ['--net', '--target', String(await this.host.pid()), '--', process.execPath, STREAMER];
    const how = [`http://127.0.0.1:${port}`, keyFile, '1', String(thinks)];
    const child = spawn('nsenter', [...inside, ...how], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // A test that fails stops nothing.
    this.#opened.defer(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const printed = text(child.stdout);
    return {
      stop: async () => {
        child.kill('SIGTERM');
        return JSON.parse(await printed) as Streamed;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
