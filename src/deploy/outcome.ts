import {z} from 'zod';
import type {Secret} from '../base/secret.ts';
import type {Duration} from '../base/units.ts';
import {heldTogether, ownProcesses, programsAllowance} from '../capacity/index.ts';
import {programPreviewSchema} from '../hosts/index.ts';
import {keyFileOf} from './client-key.ts';
import {visit, type DeployParts, type Site} from './parts.ts';
import type {Release} from './release.ts';
import type {Served} from './serve-release.ts';

/** What `berth deploy --json` prints. Never the key itself. */
export const deployOutcomeSchema = z.object({
  schema: z.literal('berth.deploy/1'),
  /** `unchanged`: it served already. `restarted`: the same release was started again. */
  outcome: z.enum(['deployed', 'unchanged', 'restarted', 'rolled-back', 'planned']),
  deployment: z.string(),
  host: z.string(),
  runtime: z.string(),
  release: z.int().optional(),
  model: z.string(),
  variant: z.string(),
  /** True for the built-in stand-in, which proves the path and not the answers. */
  standIn: z.boolean(),
  engine: z.string(),
  url: z.string(),
  keyFile: z.string(),
  ladder: z.enum(['fresh', 'side-by-side', 'swap']).optional(),
  settings: z
    .object({
      contextTokens: z.int(),
      sequences: z.int(),
      kvType: z.string(),
      batchTokens: z.int(),
      queue: z.int(),
      quantization: z.string().optional(),
      threads: z.int().optional(),
    })
    .optional(),
  /** Only when planned: the weights are not on the host yet; what is said of them is the catalogue's, if anything is. */
  weightsMissing: z.boolean().optional(),
  /** Only when planned: the programs, as they would be started. */
  wouldRun: z.array(programPreviewSchema).optional(),
  firstTokenMs: z.number().optional(),
  longestHoldMs: z.number().optional(),
  predictedPeakBytes: z.int().optional(),
  measuredPeakBytes: z.int().optional(),
  budgetBytes: z.int().optional(),
  /** Supervisor and gateway, which come on top of the model's budget: what they hold and may hold. */
  programs: z.object({usedBytes: z.int(), allowanceBytes: z.int()}).optional(),
  freeBytes: z.int().optional(),
  durationMs: z.number(),
});

export type DeployOutcome = z.infer<typeof deployOutcomeSchema> & {
  /** Set when the key was made by this deploy: shown once to a person, never serialised. */
  newKey?: Secret;
};

interface Conclusion {
  parts: DeployParts;
  outcome: DeployOutcome['outcome'];
  site: Site;
  release: Release;
  key: {key: Secret; made: boolean};
  started: Duration;
  served?: Served;
}

/** The outcome of a deploy that ended well, with a last reading of what is left free. */
export async function conclude(input: Conclusion): Promise<DeployOutcome> {
  const {parts, site, release, key, served} = input;
  const {address, port} = release.identity.gateway;
  const [{observed}, reading, {kind}] = await Promise.all([
    visit(parts, {deployment: site.name, runtime: site.runtime.kind}),
    parts.device.read(),
    parts.device.facts(),
  ]);
  return {
    schema: 'berth.deploy/1',
    outcome: input.outcome,
    deployment: site.name,
    host: parts.host.name,
    runtime: site.runtime.kind,
    release: release.number,
    model: release.identity.model,
    variant: release.identity.variant,
    standIn: release.standIn,
    engine: release.identity.engine,
    url: `http://${address}:${port}`,
    keyFile: keyFileOf(parts.keyFolder, parts.host.name, site.name),
    settings: release.settings,
    predictedPeakBytes: release.predicted.peakBytes,
    budgetBytes: release.budgetBytes,
    programs: {
      usedBytes: heldTogether(ownProcesses(observed, reading).programs),
      allowanceBytes: programsAllowance(kind),
    },
    freeBytes: reading.freeBytes,
    durationMs: parts.clock.elapsed() - input.started,
    ...(served && {
      ladder: served.ladder,
      firstTokenMs: served.firstTokenMs,
      measuredPeakBytes: served.measuredPeakBytes,
      ...(served.longestHoldMs !== undefined && {longestHoldMs: served.longestHoldMs}),
    }),
    ...(key.made && {newKey: key.key}),
  };
}
