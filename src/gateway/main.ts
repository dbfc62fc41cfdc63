/**
 * The gateway program. Its supervisor tells it where the engine is and when to hold or drain. As a child process
 * it ends with its supervisor: nothing may be left running alone. In a container it outlives it.
 */
import {flushCompileCache} from 'node:module';
import {setFlagsFromString} from 'node:v8';
import {systemClock} from '../base/clock.ts';
import {describeError, systemCode} from '../base/errors.ts';
import {openSupervisorChannel} from '../base/supervisor-channel.ts';
import type {GatewayOrder} from '../hosts/index.ts';
import {createGateway} from './door/server.ts';
import {readLaunch} from './launch.ts';
import {openLog} from './metrics/log.ts';

/**
 * How much the heap may grow between two full collections, in percent of what is alive. V8's own choice lets a
 * heap of 10 MB gather 50 MB of garbage, for the sake of larger ones; here a collection costs about a millisecond.
 */
const HEAP_GROWTH_PERCENT = 20;

/** Time for requests under way after SIGTERM. Milliseconds. */
const GRACE_MS = 5000;

interface Question {
  id: number | string;
  order: GatewayOrder;
}

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const log = openLog((text) => process.stdout.write(text));
  // Whoever read the log is gone; that must not end requests that are under way.
  process.stdout.on('error', () => undefined);
  const settings = readLaunch(process.env);
  const gateway = createGateway(settings, systemClock, log);
  const supervisor = openSupervisorChannel(process.env);

  supervisor.answer((question) => {
    const {id, order} = question as Question;
    return gateway.order(order).then(
      (reply) => ({id, reply}),
      (error: unknown) => ({id, reply: {reply: 'refused', message: describeError(error)}}),
    );
  });
  supervisor.orphaned(() => {
    log.flush();
    process.exit(0);
  });
  process.once('SIGTERM', () => {
    void gateway.close(GRACE_MS).then(() => {
      log.flush();
      process.exit(0);
    });
  });

  try {
    const url = await gateway.listen();
    log.line(JSON.stringify({at: new Date().toISOString(), event: 'listening', url}));
    void supervisor.announce({ready: true, url});
    // Now, because a process that is killed writes none.
    flushCompileCache();
  } catch (error) {
    const code = systemCode(error) === 'EADDRINUSE' ? 'port_taken' : 'cannot_listen';
    const {address, port} = settings;
    const failed = {code, address, port, message: describeError(error)};
    process.stderr.write(`${JSON.stringify({at: new Date().toISOString(), event: 'failed', ...failed})}\n`);
    await supervisor.announce({failed});
    process.exit(1);
  }
}

await main();
