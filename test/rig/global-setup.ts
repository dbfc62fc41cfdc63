import {missingForRig} from './needs-docker.ts';
import {sweep} from './sweep.ts';

/** For vitest: hosts live as long as the run, in whichever of its files they were started. */
export default function setup(): () => Promise<void> {
  const run = String(process.pid);
  process.env.BERTH_RIG_RUN = run;
  return async () => {
    if ((await missingForRig()) === undefined) await sweep({run});
  };
}
