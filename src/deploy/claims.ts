import {bytes} from '../base/units.ts';
import {BerthError} from '../base/errors.ts';
import {heldTogether, ownProcesses, programsAllowance, type SeenClaims} from '../capacity/index.ts';
import type {DeviceFacts, Reading} from '../card/index.ts';
import {deployedAs, type DeployedAs, type Host, type Observed, type RuntimeKind} from '../hosts/index.ts';
import {History, isDeployment} from './history.ts';
import type {Release} from './release.ts';

/**
 * What the deployments of a host were promised of a device, and hold of it. What is stopped keeps its claim: `berth
 * start` must find room for it. `but`: a deployment that the caller counts itself.
 */
export async function claimsOn(
  host: Host,
  facts: DeviceFacts,
  reading: Reading,
  but?: string,
): Promise<SeenClaims> {
  const seen = await deploymentsOf(host, but);
  const here = seen.map(({name, observed, release, ...one}) => {
    const own = observed ? ownProcesses(observed, reading) : {model: [], programs: []};
    const claims = isOn({release, ...one}, facts);
    return {
      model: {name, bytes: bytes(claims ? release.budgetBytes : 0), usedBytes: heldTogether(own.model)},
      programs: {bytes: programsAllowance(facts.kind), usedBytes: heldTogether(own.programs)},
      pids: [...own.model, ...own.programs].map(({pid}) => pid),
    };
  });
  return {
    models: here.map(({model}) => model).filter((model) => model.bytes > 0 || model.usedBytes > 0),
    programs: {
      bytes: bytes(here.reduce((sum, {programs}) => sum + programs.bytes, 0)),
      usedBytes: bytes(here.reduce((sum, {programs}) => sum + programs.usedBytes, 0)),
    },
    pids: new Set(here.flatMap(({pids}) => pids)),
  };
}

/** A deployment of a host, whether or not it runs. */
export interface Seen {
  name: string;
  present: DeployedAs;
  observed: Observed | undefined;
  release: Release;
}

export async function deploymentsOf(host: Host, but?: string): Promise<Seen[]> {
  const names = (await host.files.list(host.stateRoot)).filter((name) => isDeployment(name) && name !== but);
  return (await Promise.all(names.map((name) => look(host, name)))).filter((one) => one !== undefined);
}

/** Whether a deployment's model is on a device. Pure. */
export function isOn({present, release}: Pick<Seen, 'present' | 'release'>, facts: DeviceFacts): boolean {
  const {card} = release.identity;
  return present.onCard === (facts.kind === 'gpu') && (card === undefined || card === facts.id);
}

async function look(host: Host, name: string): Promise<Seen | undefined> {
  const present = await deployedAs(host, name);
  if (!present) return undefined;
  const [observed, {release}] = await Promise.all([
    observe(host, present.runtime, name),
    new History(host, name).get(present.release),
  ]);
  return {name, present, observed, release};
}

/** Where the runtime cannot be asked (Docker does not run), nothing of it runs: the claim stays. */
async function observe(host: Host, kind: RuntimeKind, name: string): Promise<Observed | undefined> {
  try {
    return await (await host.runtime(kind)).observe(name);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
