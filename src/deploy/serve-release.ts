import {BerthError, firstError} from '../base/errors.ts';
import {bytes, mib, type Bytes, type Duration} from '../base/units.ts';
import type {DeviceFacts} from '../card/index.ts';
import type {Engine, LaunchInput} from '../engines/index.ts';
import {gatewaySpec} from '../gateway/index.ts';
import type {EngineSpec, GatewaySpec, Lock} from '../hosts/index.ts';
import {watchSpec} from '../watch/index.ts';
import {deploymentFolder, type History} from './history.ts';
import {committedRelease, visit, type DeployParts, type Site} from './parts.ts';
import type {Ladder} from './plan.ts';
import type {Release} from './release.ts';
import {putIntoService} from './service.ts';
import {isUnreachable, mayServe, notInService, servesUnfinished, type Commit} from './start/failed.ts';

export interface ServeInput {
  site: Site;
  history: History;
  release: Release;
  engine: Engine;
  ladder: Ladder;
  drain: Duration;
  lock: Lock;
  signal: AbortSignal;
}

export interface Served {
  ladder: Ladder;
  firstTokenMs: number;
  longestHoldMs: number | undefined;
  /** The most that the engine's processes held so far, warm-up included. */
  measuredPeakBytes: number;
}

/** Puts a recorded release into service and writes down how it went, also when it went wrong. */
export async function serveRelease(parts: DeployParts, input: ServeInput): Promise<Served> {
  const {release, history, ladder, site} = input;
  const at = () => parts.clock.now().toISOString();
  const reached: {commit: Commit} = {commit: 'not-asked'};
  try {
    const report = await putIntoService(parts, {
      ...input,
      ...(await programsOf(parts, input)),
      contextTokens: release.settings.contextTokens,
      owner: input.lock.owner,
      onCommit: (commit) => {
        reached.commit = commit;
      },
    });
    const served: Served = {
      ladder,
      ...report,
      measuredPeakBytes: await measurePeak(parts, site, release.number),
    };
    await history.conclude(release.number, {state: 'served', at: at(), ...served});
    await history.prune(release.number);
    return served;
  } catch (error) {
    const cause = firstError(error);
    const fate = await fateOf(parts, input, reached.commit, cause);
    const failure = failureOf(fate, release, committedRelease(site.observed), cause);
    // What is not known is not written down: the next client that reads the host sees it.
    if (failure instanceof BerthError && fate !== 'unknown') {
      const {code, message} = failure;
      await history
        .conclude(release.number, {state: fate, at: at(), ladder, error: {code, message}})
        // A host that is lost, or a full disk: what failed first matters more than that it is not written down.
        .catch(() => undefined);
    }
    throw failure;
  }
}

/** What became of a release whose deploy has failed. */
type Fate = 'served' | 'failed' | 'unknown';

/** A host that was lost while it was told to commit is asked, if it answers by now, what it has made of that. */
async function fateOf(
  parts: DeployParts,
  {site, release}: ServeInput,
  commit: Commit,
  cause: unknown,
): Promise<Fate> {
  if (commit === 'done') return 'served';
  if (commit === 'not-asked' || !isUnreachable(cause)) return 'failed';
  try {
    const {observed} = await visit(parts, {deployment: site.name, runtime: site.runtime.kind});
    return committedRelease(observed) === release.number ? 'served' : 'failed';
  } catch {
    // It does not answer: that it was lost is what is told.
    return 'unknown';
  }
}

function failureOf(fate: Fate, release: Release, present: number | undefined, cause: unknown): unknown {
  switch (fate) {
    case 'served':
      return servesUnfinished(release.number, cause);
    case 'failed':
      return notInService(release, present, cause);
    case 'unknown':
      return mayServe(release.number, present, cause);
  }
}

/** What a release runs: its gateway and its engine. */
export async function programsOf(
  parts: Pick<DeployParts, 'device' | 'host'>,
  {site, release, engine}: Pick<ServeInput, 'site' | 'release' | 'engine'>,
): Promise<{gateway: GatewaySpec; spec: EngineSpec}> {
  const {images, gateway, model} = release.identity;
  const device = await parts.device.facts();
  const stateFolder = deploymentFolder(parts.host, site.name);
  return {
    spec: engine.launch({
      release: release.number,
      model,
      weightsFile: release.weights.path,
      ...(images && {container: containerFor(images.engine, release, device)}),
      settings: release.settings,
      predictedPeakBytes: bytes(release.predicted.peakBytes),
      kvCacheBytes: kvCacheOf(release),
      outputTokens: gateway.limits.outputTokens,
    }),
    gateway: {
      ...gatewaySpec(gateway, {stateFolder, ...(images && {image: images.gateway})}),
      watch: watchSpec({
        ...{deployment: site.name, stateFolder, stateRoot: parts.host.stateRoot},
        device: device.kind === 'cpu' ? 'cpu' : (release.identity.card ?? device.id),
        ...(images && {image: images.gateway}),
      }),
    },
  };
}

/** What the engine's container gets of the host: its card, or a limit of RAM where the model lives in RAM. */
const containerFor = (
  image: string,
  release: Release,
  {kind, id}: DeviceFacts,
): NonNullable<LaunchInput['container']> =>
  kind === 'gpu' ? {image, gpus: [release.identity.card ?? id]} : {image, memoryBytes: memoryLimit(release)};

/**
 * The budget keeps the model in its place; this limit only keeps an engine that has gone wrong from taking the
 * host with it, so it leaves room for what no plan foresees.
 */
const memoryLimit = ({budgetBytes}: Release): Bytes => bytes(Math.ceil(budgetBytes * 1.25) + mib(256));

function kvCacheOf({predicted}: Release): Bytes | undefined {
  const term = predicted.terms.find(({name}) => name === 'kv-cache');
  return term && bytes(term.totalBytes);
}

/** Sum over the engine's processes of the most that each has held. */
async function measurePeak(parts: DeployParts, site: Site, release: number): Promise<number> {
  const {observed} = await visit(parts, {deployment: site.name, runtime: site.runtime.kind});
  const pids =
    observed.state === 'running' ? observed.engines.find((e) => e.release === release)?.pids : undefined;
  const {processes} = await parts.device.read();
  const mine = processes.filter(({pid}) => pids?.includes(pid));
  return mine.reduce((sum, {peakBytes, usedBytes}) => sum + (peakBytes ?? usedBytes), 0);
}
