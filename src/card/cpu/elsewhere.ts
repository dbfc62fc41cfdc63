import {bytes} from '../../base/units.ts';
import {showCommand} from './command-line.ts';
import type {SystemMemory} from './memory.ts';
import type {SeenProcess} from './processes.ts';

/**
 * The same picture where there is no /proc (macOS, Windows), as systeminformation tells it. It gives
 * resident sizes only: pages that programs share are counted once in each.
 */
export async function readElsewhere(): Promise<{memory: SystemMemory; processes: SeenProcess[]}> {
  const {mem, processes} = await import('systeminformation');
  const [memory, table] = await Promise.all([mem(), processes()]);
  return {
    memory: {
      totalBytes: memory.total,
      availableBytes: memory.available,
      reservedBytes: 0,
      mappedFileBytes: 0,
    },
    processes: table.list
      .filter((one) => one.memRss > 0)
      .map((one) => {
        const startedAt = new Date(one.started);
        return {
          group: undefined,
          memory: {usedBytes: one.memRss * 1024, fileBytes: 0, exact: false},
          reading: {
            pid: one.pid,
            parentPid: one.parentPid,
            name: showCommand([one.name]),
            command: showCommand(`${one.command} ${one.params}`.split(/\s+/)),
            usedBytes: bytes(one.memRss * 1024),
            ...(one.user !== '' && {user: one.user}),
            ...(!Number.isNaN(startedAt.getTime()) && {startedAt}),
          },
        };
      }),
  };
}
