import {readFile, rename} from 'node:fs/promises';
import {systemCode} from '../../../base/errors.ts';
import {writeJson} from '../../../base/files.ts';
import type {EngineSpec, GatewaySpec, ProgramSpec} from '../runtime.ts';

/** What a deployment returns to: kept in a file, so that it outlives every process. */
export interface Committed {
  engine: EngineSpec;
  /** Its `watch` is beside it, because it is no reason to start a gateway again. */
  gateway: GatewaySpec;
  /** Missing in what was written before there was one. */
  watch?: ProgramSpec;
  /** Stopped by request: nothing starts by itself. */
  stopped: boolean;
}

export type CommittedFile = {found: 'none'} | {found: 'damaged'} | {found: 'committed'; committed: Committed};

/** Reads the file; one that is damaged is a finding, not an exception, because a new deploy can heal it. */
export async function readCommitted(path: string): Promise<CommittedFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {found: 'none'};
    throw error;
  }
  return committedFrom(text);
}

/** What the file's text says; undefined when there is no file. */
export function committedFrom(text: string | undefined): CommittedFile {
  if (text === undefined) return {found: 'none'};
  const committed = parseCommitted(text);
  return committed ? {found: 'committed', committed} : {found: 'damaged'};
}

/** What a new supervisor should keep running; a damaged file is put aside. */
export async function recall(path: string, say: (line: string) => void): Promise<Committed | undefined> {
  const file = await readCommitted(path);
  switch (file.found) {
    case 'committed':
      return file.committed;
    case 'none':
      return undefined;
    case 'damaged':
      // Kept for whoever wants to look; the next deploy writes a new one.
      await rename(path, `${path}.damaged`);
      say(`${path} is damaged and was put aside`);
      return undefined;
  }
}

export const writeCommitted = (path: string, committed: Committed): Promise<void> =>
  writeJson(path, committed);

/** Checked by hand, not with zod: the supervisor reads it, and stays small for as long as the service runs. */
export function parseCommitted(text: string): Committed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value.stopped !== 'boolean') return undefined;
  const {engine, gateway, watch, stopped} = value;
  // A watch that cannot be read is no reason to serve nothing.
  return isEngine(engine) && isGateway(gateway)
    ? {engine, gateway, ...(isProgram(watch) && {watch}), stopped}
    : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isProgram = (value: unknown): value is Record<string, unknown> & ProgramSpec =>
  isRecord(value) &&
  Array.isArray(value.argv) &&
  value.argv.length > 0 &&
  value.argv.every((word) => typeof word === 'string') &&
  isRecord(value.env) &&
  Object.values(value.env).every((text) => typeof text === 'string');

const isGateway = (value: unknown): value is GatewaySpec =>
  isProgram(value) && typeof value.url === 'string' && URL.canParse(value.url);

const isEngine = (value: unknown): value is EngineSpec =>
  isProgram(value) &&
  Number.isInteger(value.release) &&
  typeof value.model === 'string' &&
  typeof value.healthPath === 'string' &&
  typeof value.predictedPeakBytes === 'number';
