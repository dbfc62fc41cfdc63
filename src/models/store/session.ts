/** One visit to the hubs: connections, and how the work is told. */
import type {Clock} from '../../base/clock.ts';
import {silent, type Progress} from '../../base/progress.ts';
import {dirname} from 'node:path';
import type {Dispatcher} from 'undici';
import {fetchFile} from '../hubs/fetch.ts';
import {openAgent, type Patience} from '../hubs/http.ts';
import type {Home} from '../hubs/hub.ts';
import {homesOf, openHubs} from '../hubs/open.ts';
import {isDiskFull} from '../hubs/transfer.ts';
import type {HubFile, HubSource, Model} from '../model.ts';
import {checkRoom, freeBytes} from './disk.ts';
import {diskFull, downloadFailed} from './errors.ts';
import {partialOf} from './one-file.ts';
import {downloadTelling, type DownloadTelling} from './telling.ts';

export interface Wiring {
  env: NodeJS.ProcessEnv;
  clock: Clock;
  patience: Patience;
  /** Bytes of one request. */
  pieceBytes: number;
}

export interface EnsureOptions {
  progress?: Progress;
  signal?: AbortSignal;
}

export interface Session extends AsyncDisposable {
  agent: Dispatcher;
  homes: Home[];
  signal: AbortSignal;
  telling: DownloadTelling;
  /** Fetches a file into its partial file, whole and right; gives its SHA-256. */
  fetch(model: Model, file: HubFile, path: string): Promise<{sha256: string; totalBytes: number}>;
}

export async function openSession(
  {env, clock, patience, pieceBytes}: Wiring,
  source: HubSource,
  {progress = silent, signal = new AbortController().signal}: EnsureOptions,
): Promise<Session> {
  const agent = await openAgent(env, patience);
  const homes = homesOf(openHubs(env, agent), source.places);
  const telling = downloadTelling(progress, clock);
  const session: Session = {
    agent,
    homes,
    signal,
    telling,
    fetch: async function (this: Session, model, file, path) {
      const told = this.telling;
      try {
        const outcome = await fetchFile({
          agent,
          clock,
          patience,
          homes,
          file,
          partial: partialOf(path),
          pieceBytes,
          signal,
          tell: (phase, have, total, from) => told.tell(phase, have, total, from),
          warn: (trouble) => telling.warn(trouble),
          checkRoom: (missing) => checkRoom(dirname(path), missing),
        });
        if (outcome.state === 'failed') throw downloadFailed(model, outcome.troubles);
        return outcome;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        throw diskFull(dirname(path), file.totalBytes ?? 0, await freeBytes(dirname(path)));
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
  return session;
}
