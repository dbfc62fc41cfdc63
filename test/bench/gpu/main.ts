import {join} from 'node:path';
import {systemClock} from '../../../src/base/clock.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {localRun, startLocally} from '../../../src/card/index.ts';
import {recordCards} from './record.ts';

/** Measurements are of real cards; `--folder` puts a trial run elsewhere. */
const given = process.argv.indexOf('--folder');
const folder =
  given < 0 ? join(import.meta.dirname, '../../../docs/measurements/gpu') : (process.argv[given + 1] ?? '.');

const recorded = await recordCards({run: localRun(), start: startLocally, clock: systemClock, folder});
switch (recorded.state) {
  case 'recorded':
    console.log(recorded.files.join('\n'));
    break;
  case 'no-card': {
    const t = textsFor('en');
    console.error('This measurement needs an NVIDIA card, its driver and nvidia-smi.');
    console.error(`${recorded.fault.what(t)} ${recorded.fault.why(t)}`);
    console.error(`Try:\n${recorded.fault.try.map((command) => `  ${command}`).join('\n')}`);
    process.exitCode = 1;
  }
}
