import {defineConfig} from 'vitest/config';

/** One project a kind of test. `unit` and `contract` need nothing but Node; the others say what they lack. */
const project = (name: string, testTimeout: number, more: object = {}) => ({
  extends: true as const,
  test: {name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...more},
});

/** Ends the hosts that tests started on this machine, after the last of them. */
const RIG = './test/rig/global-setup.ts';

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('unit', 10_000),
      project('contract', 60_000),
      // Real processes, ports and files: one file at a time on a two-core machine. One that was starved there may
      // miss a deadline; what fails twice is broken. The report names each test that needed its second try.
      project('integration', 120_000, {fileParallelism: false, globalSetup: RIG, retry: 1}),
      project('faults', 180_000, {fileParallelism: false, globalSetup: RIG, retry: 1}),
      project('browser', 120_000, {fileParallelism: false}),
      project('gpu', 600_000, {fileParallelism: false}),
    ],
  },
});
