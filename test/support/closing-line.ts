import type {Reporter, TestModule} from 'vitest/node';

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
  }
}
