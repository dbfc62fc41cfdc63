import {bytes} from '../base/units.ts';
import type {DeviceFacts} from '../card/index.ts';

/** CPU and RAM of a Linux host, from its /proc/cpuinfo and /proc/meminfo; undefined when they say too little. */
export function cpuFacts(text: string): DeviceFacts | undefined {
  const kib = Number(/^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1]);
  const processors = text.match(/^processor\s*:/gm)?.length ?? 0;
  if (!Number.isFinite(kib) || processors === 0) return undefined;
  const model = /^(?:model name|Hardware|cpu model)\s*:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? 'CPU';
  const cores = new Set(
    [...text.matchAll(/^physical id\s*:\s*(\d+)$[\s\S]*?^core id\s*:\s*(\d+)$/gm)].map(
      ([, socket, core]) => `${socket ?? ''}/${core ?? ''}`,
    ),
  ).size;
  const physical = cores === 0 ? processors : cores;
  return {
    kind: 'cpu',
    id: 'cpu',
    name: `${model} (${physical} cores)`,
    totalBytes: bytes(kib * 1024),
    cores: physical,
  };
}
