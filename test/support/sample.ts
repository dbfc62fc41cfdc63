import type {GatewayWindow} from '../../src/hosts/index.ts';
import {Sketch} from '../../src/base/sketch.ts';
import type {Sample, SampledTenant} from '../../src/monitor/index.ts';
import {figuresOf} from '../../src/monitor/gateway-figures.ts';

const GIB = 1024 ** 3;

/** A window of one second in which so many requests ended and their tokens came `tpotMs` apart. */
export function windowOf(ok: number, tpotMs = 10, ttftMs = 50): GatewayWindow {
  const [ttft, tpot] = [new Sketch(), new Sketch()];
  if (ok > 0) {
    ttft.add(ttftMs, ok);
    tpot.add(tpotMs, ok * 20);
  }
  return {
    spanMs: 1000,
    ...{running: ok, queued: 0, held: 0},
    requests: {ok, clientError: 0, serverError: 0, cancelled: 0},
    tokens: ok * 20,
    ttft: ttft.buckets,
    tpot: tpot.buckets,
  };
}

/** A second of a card of 24 GiB with a model and neighbours that hold so many bytes. */
export function sampleAt(
  atMs: number,
  window: GatewayWindow | undefined,
  neighbours: Readonly<Record<string, number>> = {},
): Sample {
  const tenants: SampledTenant[] = [
    {key: 'model', kind: 'model', name: 'nano', usedBytes: 6 * GIB, cpuRatio: 0.5, pids: [1]},
    ...Object.entries(neighbours).map(([name, usedBytes]): SampledTenant => ({
      key: `host:ana ${name}`,
      kind: 'outsider',
      name,
      usedBytes,
      pids: [2],
    })),
  ];
  const usedBytes = tenants.reduce((sum, one) => sum + one.usedBytes, 0);
  return {
    atMs,
    device: {
      totalBytes: 24 * GIB,
      usedBytes,
      freeBytes: 24 * GIB - usedBytes,
      reservedBytes: 0,
      utilizationRatio: 0.25,
      temperatureC: 40,
      powerW: 100,
      seenAtMs: atMs,
    },
    tenants,
    tenantsSeenAtMs: atMs - (atMs % 5000),
    ...(window && {gateway: figuresOf(window)}),
  };
}
