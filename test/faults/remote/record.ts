/**
 * What a run of the fault tests saw, for people: docs/faults.md. With BERTH_UPDATE_FAULTS=1 the run writes its rows
 * beside this file and renders the page of all of them; without, it proves that the page tells of the same faults.
 */
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect} from 'vitest';
import {format, resolveConfig} from 'prettier';
import {errorOf, type Told} from './site.ts';
import type {Streamed} from './streamer.ts';

const FOLDER = join(import.meta.dirname, 'seen');
export const PAGE = join(import.meta.dirname, '../../../docs/faults.md');

export interface Row {
  /** What was done to it, and when. */
  fault: string;
  /** Exit code and error of the command. */
  saw: string;
  served: string;
  converged: string;
}

/** The rows of one test file. */
export class Record {
  readonly #area: string;
  readonly #rows: Row[] = [];

  constructor(area: string) {
    this.#area = area;
  }

  add(row: Row): void {
    this.#rows.push(row);
  }

  /** To be called after the last test of the file. */
  async conclude(): Promise<void> {
    const path = join(FOLDER, `${this.#area}.json`);
    if (process.env.BERTH_UPDATE_FAULTS === '1') {
      await mkdir(FOLDER, {recursive: true});
      await writeFile(path, await pretty(JSON.stringify(this.#rows), path));
      await writeFile(PAGE, await renderPage());
    }
    const recorded = JSON.parse(await readFile(path, 'utf8')) as Row[];
    const faultsOf = (rows: readonly Row[]): string[] => rows.map(({fault}) => fault);
    expect(faultsOf(this.#rows), 'BERTH_UPDATE_FAULTS=1 writes the page').toEqual(faultsOf(recorded));
  }
}

const pretty = async (text: string, filepath: string): Promise<string> =>
  format(text, {...(await resolveConfig(filepath)), filepath});

export function saw(told: Told): string {
  if (told.value === undefined) return 'nothing: killed';
  if (told.code === 0) return `exit 0, \`${String(told.value.outcome)}\``;
  const {code, message} = errorOf(told);
  return `exit ${String(told.code)}, \`${code}\`: ${message}`;
}

export const served = ({answers, failures}: Streamed): string =>
  `${answers} answers streamed, ${failures.length} failed`;

export const converged = (value: globalThis.Record<string, unknown>): string =>
  `second run: \`${String(value.outcome)}\`, release ${String(value.release)}`;

/** Faults that other tests of the rig prove: file and title of each. */
export const ELSEWHERE: readonly (readonly [fault: string, file: string, title: string])[] = [
  [
    'wrong key',
    'test/integration/ssh/authentication.test.ts',
    'is refused with a key that the host does not know, and says what was offered',
  ],
  [
    'changed host key',
    'test/integration/ssh/authentication.test.ts',
    'is refused when the host key has changed, and the one command that is told repairs it',
  ],
  [
    'the host is replaced while it is worked with',
    'test/faults/ssh/connection.test.ts',
    'refuses another machine that has taken the place of the host meanwhile',
  ],
  [
    'neither docker group nor sudo',
    'test/integration/ssh/docker.test.ts',
    'refuses it to who may neither, and says the command that changes that',
  ],
  [
    'Docker does not run',
    'test/integration/ssh/docker.test.ts',
    'says when Docker does not run, for who is in the group and who has sudo, and finds it again',
  ],
  ['no Docker', 'test/integration/ssh/docker.test.ts', 'says when there is no Docker'],
  [
    'network cut during `image send`',
    'test/integration/images/send.test.ts',
    'says that the connection broke when the cable is pulled, and goes on when it is back',
  ],
  [
    'disk full during `image send`',
    'test/integration/images/send.test.ts',
    'says that the disk is full there, leaves what ran alone, and goes on when there is room',
  ],
  [
    'disk full during the pull of weights',
    'test/faults/models/processes.test.ts',
    'the disk fills up while it is fetched: disk_full, and it goes on when there is room again',
  ],
];

export async function renderPage(): Promise<string> {
  const areas: [string, Row[]][] = [];
  for (const file of (await readdir(FOLDER)).sort()) {
    areas.push([file.replace('.json', ''), JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Row[]]);
  }
  const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|');
  const table = (rows: readonly Row[]): string =>
    [
      '| fault | what the user saw | what served | how it converged |',
      '| --- | --- | --- | --- |',
      ...rows.map((row) => `| ${[row.fault, row.saw, row.served, row.converged].map(cell).join(' | ')} |`),
    ].join('\n');
  const text = `# Faults, and what came of them

Written by the tests in \`test/faults/remote\` on the rig (docs/rig.md): \`BERTH_UPDATE_FAULTS=1\` in their environment
writes this page anew. Each fault was injected for real: a cut network drops packets, a kill is SIGKILL, a reboot
restarts the host. Where answers are counted, a client inside the host streamed them in a loop meanwhile. After each
fault the tests also prove that every deployment has exactly its three containers and that nothing short-lived is left;
after each second run, that no lock is held. Numbers are those of recorded runs on a busy two-core machine.

${areas.map(([area, rows]) => `## ${TITLES[area] ?? area}\n\n${table(rows)}`).join('\n\n')}

## Proven by other tests

| fault | test |
| --- | --- |
${ELSEWHERE.map(([fault, file, title]) => `| ${cell(fault)} | \`${file}\`${title && `: ${cell(title)}`} |`).join('\n')}
`;
  return await pretty(text, PAGE);
}

const TITLES: Readonly<globalThis.Record<string, string>> = {
  client: 'The client and its connection',
  disk: 'The disk of the host',
  host: 'The host and its containers',
  network: 'The network, cut for good',
  together: 'Clients that meet, and sshd',
  releases: 'Releases that hurt',
};
