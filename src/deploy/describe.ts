import {z} from 'zod';
import {BerthError} from '../base/errors.ts';
import type {Secret} from '../base/secret.ts';
import {deployedAs, type GatewayStats, type Observed, type Runtime} from '../hosts/index.ts';
import {keyFileOf, readClientKey} from './client-key.ts';
import type {Settings} from './config/settings.ts';
import {History} from './history.ts';
import {nothingDeployed} from './lifecycle.ts';
import {committedRelease, visit, type DeployParts, type Site} from './parts.ts';
import type {Outcome, Release} from './release.ts';

/** What `berth status --json` prints. */
export const statusSchema = z.object({
  schema: z.literal('berth.status/1'),
  deployment: z.string(),
  /**
   * `serving`: requests are answered. `loading`: on its way there. `failed`: the engine keeps ending.
   * `stopped`: by request. `dead`: should run and does not. `absent`: never deployed.
   */
  state: z.enum(['serving', 'loading', 'failed', 'stopped', 'dead', 'absent']),
  url: z.string().optional(),
  keyFile: z.string(),
  model: z.string().optional(),
  variant: z.string().optional(),
  standIn: z.boolean().optional(),
  engine: z.string().optional(),
  runtime: z.string(),
  release: z.int().optional(),
  host: z.string(),
  since: z.iso.datetime().optional(),
  restarts: z.int().optional(),
  pids: z
    .object({supervisor: z.int().optional(), gateway: z.array(z.int()), engine: z.array(z.int())})
    .optional(),
  requests: z.object({running: z.int(), queued: z.int(), held: z.int()}).optional(),
  /** What measures the device does not run just now; serving does not depend on it. */
  watch: z.object({state: z.enum(['waiting', 'failed'])}).optional(),
  /** Somebody is changing it now. */
  changing: z.object({owner: z.string(), since: z.iso.datetime()}).optional(),
  lastLines: z.array(z.string()).optional(),
});
export type Status = z.infer<typeof statusSchema>;

/** Everything known of a deployment: what commands that look at it start from. */
export interface Description {
  status: Status;
  runtime: Runtime;
  observed: Observed;
  release: Release | undefined;
  outcome: Outcome | undefined;
  /** Its engine was given a card; undefined when nothing was ever committed. */
  onCard: boolean | undefined;
  /** This client's key; undefined when it has none. */
  key: Secret | undefined;
  /** Counts of the gateway; undefined when it does not run. */
  stats: () => Promise<GatewayStats | undefined>;
}

export async function describe(
  parts: DeployParts,
  settings: Pick<Settings, 'deployment' | 'runtime'>,
): Promise<Description> {
  const site = await visit(parts, settings);
  const {observed} = site;
  const number = committedRelease(observed);
  const past = number === undefined ? undefined : await new History(parts.host, site.name).get(number);
  const keyFile = keyFileOf(parts.keyFolder, parts.host.name, site.name);
  const stats = () => statsOf(site);
  return {
    status: statusOf(parts, site.name, site.runtime.kind, observed, past?.release, keyFile, await stats()),
    runtime: site.runtime,
    observed,
    release: past?.release,
    outcome: past?.outcome,
    onCard: (await deployedAs(parts.host, site.name))?.onCard,
    key: await readClientKey(keyFile),
    stats,
  };
}

async function statsOf({name, runtime, observed}: Site): Promise<GatewayStats | undefined> {
  if (observed.state !== 'running' || observed.gateway.program.state !== 'running') return undefined;
  try {
    const reply = await runtime.order(name, {order: 'stats'});
    return reply.reply === 'stats' ? reply.stats : undefined;
  } catch (error) {
    // It ended since it was observed; the next look will show its successor.
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

/** Like `describe`, for commands that make sense only when something was deployed. */
export async function describeDeployed(
  parts: DeployParts,
  settings: Pick<Settings, 'deployment' | 'runtime'>,
): Promise<Description & {release: Release}> {
  const description = await describe(parts, settings);
  const {release} = description;
  if (!release) throw nothingDeployed(settings.deployment);
  return {...description, release};
}

function statusOf(
  parts: DeployParts,
  deployment: string,
  runtime: string,
  observed: Observed,
  release: Release | undefined,
  keyFile: string,
  stats: GatewayStats | undefined,
): Status {
  const engine =
    observed.state === 'running'
      ? observed.engines.find((candidate) => candidate.release === observed.committedRelease)
      : undefined;
  return {
    schema: 'berth.status/1',
    deployment,
    state: stateOf(observed, stats),
    host: parts.host.name,
    runtime,
    keyFile,
    ...(release && {
      url: `http://${release.identity.gateway.address}:${release.identity.gateway.port}`,
      release: release.number,
      model: release.identity.model,
      variant: release.identity.variant,
      standIn: release.standIn,
      engine: release.identity.engine,
    }),
    ...(observed.state === 'running' && {
      since: observed.since.toISOString(),
      pids: {
        ...(observed.supervisorPid !== undefined && {supervisor: observed.supervisorPid}),
        gateway: [...observed.gateway.pids],
        engine: [...(engine?.pids ?? [])],
      },
      ...(observed.watch && observed.watch.state !== 'running' && {watch: {state: observed.watch.state}}),
      ...(observed.transition && {
        changing: {owner: observed.transition.owner, since: observed.transition.since.toISOString()},
      }),
    }),
    ...(engine && {restarts: engine.program.restarts}),
    ...(engine && engine.program.state !== 'running' && {lastLines: [...engine.program.lastExit.lastLines]}),
    ...(stats && {requests: {running: stats.running, queued: stats.queued, held: stats.held}}),
  };
}

function stateOf(observed: Observed, stats: GatewayStats | undefined): Status['state'] {
  if (observed.state !== 'running') return observed.state;
  const engine = observed.engines.find((candidate) => candidate.release === observed.committedRelease);
  if (engine?.program.state === 'failed') return 'failed';
  return stats?.release !== undefined && engine?.program.state === 'running' ? 'serving' : 'loading';
}
