import {BerthError} from '../base/errors.ts';
import type {Engine} from '../engines/index.ts';
import type {Host, Observed} from '../hosts/index.ts';
import type {Settings} from './config/settings.ts';
import type {DeployParts} from './parts.ts';

/** Proves that the engine can run where it is to run. Throws what the engine says against it. */
export async function checkEngine(parts: DeployParts, engine: Engine, settings: Settings): Promise<void> {
  const [{platform}, {kind}] = await Promise.all([parts.host.facts(), parts.device.facts()]);
  engine.check({platform, runtime: settings.runtime, device: kind, kvType: settings.kv});
}

/**
 * Proves what can be proven before any work or download: the port is free, or held by this very
 * deployment. Throws `port_taken`, which names the holder.
 */
export async function checkPort(host: Host, settings: Settings, observed: Observed): Promise<void> {
  const {address, port} = settings.gateway;
  const holder = await host.portHolder(address, port);
  if (!holder) return;
  if (observed.state === 'running' && holder.pid !== undefined && observed.gateway.pids.includes(holder.pid))
    return;
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
