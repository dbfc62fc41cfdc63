import {BerthError} from '../base/errors.ts';
import type {Engine} from '../engines/index.ts';
import type {Host, Observed, PortHolder, RuntimeKind} from '../hosts/index.ts';
import type {Settings} from './config/settings.ts';
import type {DeployParts} from './parts.ts';

/** Proves that the engine can run where it is to run. Throws what the engine says against it. */
export async function checkEngine(
  parts: DeployParts,
  engine: Engine,
  runtime: RuntimeKind,
  settings: Settings,
): Promise<void> {
  const [{platform}, {kind}] = await Promise.all([parts.host.facts(), parts.device.facts()]);
  engine.check({platform, runtime, device: kind, kvType: settings.kv});
}

/**
 * Proves what can be proven before any work or download: the port is free, or held by this very
 * deployment. Throws `port_taken`, which names the holder.
 */
export async function checkPort(host: Host, settings: Settings, observed: Observed): Promise<void> {
  const {address, port} = settings.gateway;
  const holder = await host.portHolder(address, port);
  if (!holder) return;
  if (observed.state === 'running' && isHeldBy(observed.gateway, holder)) return;
  const who = holder.name
    ? `${holder.name}${holder.pid === undefined ? '' : ` (pid ${holder.pid})`}`
    : undefined;
  throw new BerthError({
    code: 'port_taken',
    what: (t) => t.deploy.portTaken({port, address, who}),
    try: [`berth deploy --port ${port + 1}`],
    details: {...holder, address},
  });
}

/** Whether it is the gateway itself, or what Docker puts before a published port of it. */
function isHeldBy({pids, program, url}: Running['gateway'], {pid, port}: PortHolder): boolean {
  if (program.state !== 'running') return false;
  return (pid !== undefined && pids.includes(pid)) || Number(new URL(url).port || 80) === port;
}

type Running = Extract<Observed, {state: 'running'}>;
