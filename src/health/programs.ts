import type {DeploymentView} from '../capacity/index.ts';
import type {KnownCause} from '../engines/index.ts';
import type {ProgramState} from '../hosts/index.ts';
import {ProbeFailure} from './failure.ts';
import {exitFailure} from './gate.ts';

/**
 * The first probe: supervisor, gateway and the committed release's engine run. Throws a ProbeFailure
 * that names the first that does not.
 */
export function checkPrograms(
  {observed}: DeploymentView,
  explain: (lastLines: readonly string[]) => KnownCause | undefined,
): void {
  switch (observed.state) {
    case 'absent':
      throw new ProbeFailure({why: (t) => t.health.absent, try: ['berth deploy']});
    case 'stopped':
      throw new ProbeFailure({why: (t) => t.health.stopped, try: ['berth start']});
    case 'dead':
      throw new ProbeFailure({why: (t) => t.health.dead, try: ['berth start', 'berth logs']});
    case 'running': {
      check(observed.gateway.program, () => undefined);
      const engine = observed.engines.find(({release}) => release === observed.committedRelease);
      if (!engine) throw new ProbeFailure({why: (t) => t.health.noEngine, try: ['berth deploy']});
      check(engine.program, explain);
      return;
    }
  }
}

function check(
  program: ProgramState,
  explain: (lastLines: readonly string[]) => KnownCause | undefined,
): void {
  switch (program.state) {
    case 'running':
      return;
    case 'waiting':
    case 'failed':
      throw exitFailure(program.lastExit, explain(program.lastExit.lastLines));
  }
}
