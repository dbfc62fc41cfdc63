import {createInterface} from 'node:readline';
import type {Texts} from '../../base/texts/index.ts';
import type {Conversation} from './conversation.ts';

/**
 * Runs a conversation on a terminal (or on a pipe: each line is a message) until it ends. Ctrl-C stops an
 * answer, not the program; at an empty prompt a second one ends it. `signal` ends everything.
 */
export async function converse(
  conversation: Conversation,
  {
    input,
    output,
    t,
    signal,
  }: {
    input: NodeJS.ReadStream;
    output: NodeJS.WriteStream;
    t: Texts;
    signal: AbortSignal;
  },
): Promise<void> {
  const terminal = input.isTTY && output.isTTY;
  using lines = createInterface({
    input,
    output,
    terminal,
    prompt: terminal ? '> ' : '',
    history: conversation.typed,
  });
  let answering: AbortController | undefined;
  let warned = false;
  lines.on('SIGINT', () => {
    if (answering) {
      answering.abort();
      return;
    }
    if (warned && lines.line === '') {
      lines.close();
      return;
    }
    warned = true;
    output.write(`\n${t.cli.chat.exitHint}\n`);
    // Ctrl-U: what was typed is thrown away, as in a shell.
    lines.write(null, {ctrl: true, name: 'u'});
    lines.prompt();
  });
  const end = (): void => {
    answering?.abort();
    lines.close();
  };
  signal.addEventListener('abort', end, {once: true});
  // The input may end while an answer is given; lines that came before are still to be taken.
  const state = {open: true};
  lines.once('close', () => (state.open = false));
  try {
    lines.prompt();
    for await (const line of lines) {
      warned = false;
      answering = new AbortController();
      const reply = await conversation.take(line, answering.signal);
      answering = undefined;
      if (reply === 'end' || signal.aborted) break;
      if (state.open) lines.prompt();
    }
  } finally {
    signal.removeEventListener('abort', end);
  }
  if (terminal) output.write('\n');
}
