import {createInterface} from 'node:readline';
import {Writable} from 'node:stream';
import {Secret} from '../base/secret.ts';
import type {Texts} from '../base/texts/index.ts';
import type {Asking} from '../hosts/index.ts';

/** Asks on the terminal, where there is one; `before` clears it of what is being told. */
export function askOnTerminal(texts: () => Texts, before: () => void): Asking {
  const ask = async (question: string, hidden: boolean): Promise<string | undefined> => {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
    before();
    process.stderr.write(question);
    return await readLine(hidden);
  };
  return {
    async secret(question) {
      const answer = await ask(question(texts()), true);
      return answer === undefined ? undefined : new Secret(answer);
    },
    async confirm(question) {
      const t = texts();
      const answer = await ask(`${question(t)} ${t.ssh.yesOrNo}`, false);
      return answer === undefined ? undefined : /^\s*(y|yes|是)\s*$/i.test(answer);
    },
  };
}

/** Undefined when the person ends the input instead of answering. */
function readLine(hidden: boolean): Promise<string | undefined> {
  const mute = new Writable({write: (_chunk, _encoding, done: () => void) => done()});
  const lines = createInterface({
    input: process.stdin,
    output: hidden ? mute : process.stderr,
    terminal: true,
    historySize: 0,
  });
  const {promise, resolve} = Promise.withResolvers<string | undefined>();
  lines.once('line', (line) => {
    resolve(line);
    lines.close();
  });
  // The terminal is in raw mode: Ctrl-C reaches the reader, and must still end the program.
  lines.once('SIGINT', () => {
    lines.close();
    process.kill(process.pid, 'SIGINT');
  });
  lines.once('close', () => {
    if (hidden) process.stderr.write('\n');
    resolve(undefined);
  });
  return promise;
}
