import {execFileSync} from 'node:child_process';
import type {Reporter, TestModule} from 'vitest/node';

/** A run that has counted its tests ends within so long, whatever a test left behind. */
const CLOSING_MS = 60_000;

/** Ends the run with one plain line, `N passed, N failed, N skipped`, that any tool can read. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = {passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0};
    for (const module of modules) {
      // A file that could not even be loaded has no tests to count, yet it failed.
      if (module.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) count[test.result().state]++;
    }
    process.once('exit', () => {
      console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`);
    });
    // Vitest waits for the output of each worker to end, and a program that a test started and left holds it open.
    setTimeout(() => {
      console.error(
        `The tests have ended, but the run does not close: something still holds ${process.getActiveResourcesInfo().join(', ')}.`,
      );
      console.error(`Processes that may be the cause:\n${processes()}`);
      process.exit();
    }, CLOSING_MS).unref();
  }
}

/** Every process of this machine, the newest last, as far as it can be told. */
function processes(): string {
  try {
    const list = execFileSync('ps', ['-eo', 'pid,ppid,lstart,args', '--sort=start_time'], {
      encoding: 'utf8',
      timeout: 5000,
    });
    return list
      .split('\n')
      .map((line) => line.slice(0, 200))
      .filter((line) => !/ \[[^\]]+\]$/.test(line))
      .slice(-40)
      .join('\n');
  } catch (error) {
    return String(error);
  }
}
