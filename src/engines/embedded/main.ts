/** The engine `embedded` as a program: serves one GGUF file over HTTP until it is told to stop. */
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {describeError} from '../../base/errors.ts';
import {seconds} from '../../base/units.ts';
import {engineRoutes, type EngineState} from './api/routes.ts';
import {apiServer} from './http/server.ts';
import {lineLog} from './log.ts';
import {loadModel} from './model/load.ts';
import {parseOptions, USAGE, type EngineOptions} from './options.ts';
import {Scheduler} from './slots/scheduler.ts';

/** How long requests may go on after SIGTERM. A gateway drains before it stops an engine. */
const GRACE = seconds(2);
/** A request that takes longer to arrive is ended. */
const REQUEST_DEADLINE = seconds(30);

const log = lineLog(process.stdout, process.stderr);

function fail(error: unknown): never {
  log.error(describeError(error));
  process.exit(1);
}

function readOptions(): EngineOptions {
  try {
    return parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    log.error(`cannot start: ${describeError(error)}`);
    log.error(`usage: ${USAGE}`);
    process.exit(2);
  }
}

async function serve(options: EngineOptions): Promise<void> {
  let state = {state: 'loading', progress: 0} as EngineState;
  const routes = engineRoutes({
    modelId: options.model,
    created: Math.floor(Date.now() / 1000),
    current: () => state,
    log,
  });
  const server = apiServer({routes, token: options.token, log, requestDeadline: REQUEST_DEADLINE});
  server.listen(options.port, options.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw new Error(`cannot listen on ${options.host}:${options.port}`, {cause: error});
  });
  const {port} = server.address() as AddressInfo;
  log.info(`listening on http://${options.host}:${port}`);

  async function stop(): Promise<void> {
    const before = state;
    state = {state: 'stopping'};
    server.close();
    server.closeIdleConnections();
    log.info('stopping');
    // What still runs after the grace is cut; then the step under way is awaited, for the library's sake.
    setTimeout(() => {
      if (before.state !== 'ready') process.exit(0);
      void before.scheduler.close().then(() => server.closeAllConnections());
    }, GRACE).unref();
    if (before.state === 'ready') await once(server, 'close');
    process.exit(0);
  }
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());

  const started = performance.now();
  const model = await loadModel(options, log, (ratio) => {
    if (state.state === 'loading') state = {state: 'loading', progress: ratio};
  });
  const scheduler = new Scheduler({
    lanes: model.lanes,
    queue: options.queue,
    batchTokens: options.batchTokens,
    onFailure: (error) => {
      state = {state: 'failed'};
      log.error(`the engine library failed: ${describeError(error)}`);
      // Answers on their way out first; the supervisor starts a fresh engine.
      server.close(() => process.exit(1));
      server.closeIdleConnections();
      setTimeout(() => process.exit(1), GRACE).unref();
    },
  });
  // A signal may have come while the model loaded.
  if (state.state === 'loading') state = {state: 'ready', model, scheduler};
  const took = Math.round(performance.now() - started);
  log.info(
    `ready: ${options.model} in ${took} ms, ${options.sequences} sequences of ${options.contextTokens} tokens, ` +
      `KV ${options.kvType}, ${model.threads} threads`,
  );
}

// The one that started this program is gone: nobody would ever end it.
process.once('disconnect', () => process.exit(0));
serve(readOptions()).catch(fail);
