import {expect} from 'vitest';
import type {Berth} from '../../support/berth.ts';

/** What a person types and sees, kept for people. */
export interface Transcript {
  /** A sentence between the commands. */
  tell(sentence: string): void;
  /** Runs a command that must end with this code: all that it printed but the progress of a success. */
  run(code: number, ...argv: string[]): Promise<string>;
  page(): string;
}

const HEAD = `# A shared card, from the terminal

Written by \`test/integration/capacity/shared-card.test.ts\` with \`BERTH_UPDATE_SHOWN=1\`: commands and what they printed, in
the order of the run. **The card is a double** of nvidia-smi (docs/rig.md): it says what the test tells it, and computes
nothing. The host is one of the rig, reached over SSH; Docker, the containers, the watch, the guard and the answers are
real. The model is \`nano\`, the built-in stand-in. That "only programs of this container are seen" is because a rig
host is a container itself. Times are UTC.
`;

/** `hidden`: words of this run alone, and what stands for them. */
export function openTranscript(berth: Berth, hidden: readonly (readonly [string, string])[]): Transcript {
  const parts: string[] = [HEAD];
  const shown = (text: string): string =>
    hidden
      .reduce((sofar, [word, instead]) => sofar.replaceAll(word, instead), text)
      .replaceAll(/sk-berth-[\w-]+/g, 'sk-berth-…')
      .trimEnd();
  const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`);
  return {
    tell: (sentence) => void parts.push(`\n${sentence}\n`),
    async run(code, ...argv) {
      const at = new Date().toISOString().slice(11, 19);
      const ended = await berth.run(...argv);
      expect(ended.code, `${argv.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(code);
      // The story of a success is told on stderr while it happens; what failed is told there as well.
      const said = code === 0 ? ended.stdout : ended.stderr;
      const exit = code === 0 ? '' : `\n[exit ${code}]`;
      const command = ['berth', ...argv.map(quoted)].join(' ');
      parts.push(`\n\`\`\`text\n[${at}] $ ${shown(command)}\n${shown(said)}${exit}\n\`\`\`\n`);
      return said;
    },
    page: () => parts.join(''),
  };
}
