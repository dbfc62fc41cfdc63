import {z} from 'zod';
import type {Settings} from './config/settings.ts';
import {History} from './history.ts';
import {committedRelease, visit, type DeployParts} from './parts.ts';
import {outcomeSchema, releaseSchema} from './release.ts';

/** What `berth releases --json` prints. */
export const releaseListSchema = z.object({
  schema: z.literal('berth.releases/1'),
  deployment: z.string(),
  host: z.string(),
  /** The release that the host has committed to. */
  serving: z.int().optional(),
  /** The oldest first. No outcome: its deploy was cut off. */
  releases: z.array(z.object({release: releaseSchema, outcome: outcomeSchema.optional()})),
});
export type ReleaseList = z.infer<typeof releaseListSchema>;

export async function listReleases(
  parts: DeployParts,
  settings: Pick<Settings, 'deployment' | 'runtime'>,
): Promise<ReleaseList> {
  const {observed} = await visit(parts, settings);
  const serving = committedRelease(observed);
  return {
    schema: 'berth.releases/1',
    deployment: settings.deployment,
    host: parts.host.name,
    ...(serving !== undefined && {serving}),
    releases: await new History(parts.host, settings.deployment).all(),
  };
}
