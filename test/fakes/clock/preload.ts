/**
 * A wall clock that somebody sets: loaded before a program (`--import`), it moves what `Date` says by the milliseconds
 * in the file `BERTH_TEST_CLOCK`, and does so in every Node program that this one starts. Everything that is not
 * wall time (timers, `performance.now()`) stays as the system has it, as when a person or NTP sets the clock.
 */
import childProcess, {type SpawnOptions} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';

const file = process.env.BERTH_TEST_CLOCK;
if (file !== undefined) {
  const RealDate = Date;
  const offset = (): number => Number(readFileSync(file, 'utf8'));
  globalThis.Date = class extends RealDate {
    constructor(...values: unknown[]) {
      super(...((values.length === 0 ? [RealDate.now() + offset()] : values) as [number]));
    }

    static override now(): number {
      return RealDate.now() + offset();
    }
  } as DateConstructor;

  const {spawn} = childProcess;
  childProcess.spawn = ((program: string, args: readonly string[], options: SpawnOptions) => {
    const own = program === process.execPath ? ['--import', import.meta.filename] : [];
    return spawn(program, [...own, ...args], options);
  }) as typeof spawn;
  syncBuiltinESMExports();
}
