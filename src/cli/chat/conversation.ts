import type {Clock} from '../../base/clock.ts';
import {BerthError, describeError} from '../../base/errors.ts';
import type {Texts} from '../../base/texts/index.ts';
import {formatDuration} from '../../base/units.ts';
import {printable} from '../printable.ts';
import {table} from '../table.ts';
import {cutToWidth} from '../width.ts';
import {ask, type Door, type Message} from './client.ts';
import {exportSession, Sessions, type Session} from './sessions.ts';

export interface ConversationOptions {
  door: Door;
  sessions: Sessions;
  session: Session;
  maxTokens: number | undefined;
  clock: Clock;
  t: Texts;
  write: (text: string) => void;
}

type Reply = 'go on' | 'end';

/** One conversation: takes lines, answers or obeys them. Knows nothing of terminals. */
export class Conversation {
  readonly #options: ConversationOptions;
  #session: Session;
  #listed: readonly Session[] = [];

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#session = options.session;
  }

  /** What was typed before, the latest first: for the arrow keys. */
  get typed(): string[] {
    return this.#session.messages
      .filter(({role}) => role === 'user')
      .map(({content}) => content)
      .toReversed();
  }

  async take(line: string, signal: AbortSignal): Promise<Reply> {
    const text = line.trim();
    if (text === '') return 'go on';
    try {
      if (text.startsWith('/')) return await this.#obey(text, signal);
      await this.#answer(text, signal);
    } catch (error) {
      // A request that was refused must not end the conversation; a bug must.
      if (!(error instanceof BerthError)) throw error;
      const why = error.why ? `: ${error.why(this.#options.t)}` : '';
      this.#say(`✖ ${error.what(this.#options.t)}${why}`);
    }
    return 'go on';
  }

  async #answer(text: string, signal: AbortSignal): Promise<void> {
    const {door, clock, maxTokens, write, t, sessions} = this.#options;
    const session = this.#session;
    const messages: Message[] = [
      ...(session.system === undefined ? [] : [{role: 'system' as const, content: session.system}]),
      ...session.messages,
      {role: 'user', content: text},
    ];
    const answer = await ask(door, {
      messages,
      temperature: session.temperature,
      maxTokens,
      signal,
      clock,
      onText: (piece) => write(printable(piece)),
    });
    write('\n');
    if (signal.aborted) this.#say(t.cli.chat.stopped);
    else if (answer.finishReason === 'length') this.#say(t.cli.chat.lengthReached);
    if (answer.text === '') return;
    session.messages.push({role: 'user', content: text}, {role: 'assistant', content: answer.text});
    await sessions.keep(session);
    if (answer.ttftMs !== undefined && answer.usage) {
      const first = formatDuration(answer.ttftMs);
      this.#say(t.cli.chat.measured({first, tokens: answer.usage.completionTokens}));
    }
  }

  async #obey(line: string, signal: AbortSignal): Promise<Reply> {
    const {t} = this.#options;
    const [command = '', ...words] = line.split(/\s+/);
    const rest = words.join(' ');
    switch (command) {
      case '/exit':
      case '/quit':
        return 'end';
      case '/new':
        this.#renew({});
        this.#say(t.cli.chat.begun);
        break;
      case '/history':
        await this.#history(rest);
        break;
      case '/save':
        await this.#save(rest === '' ? `${this.#session.id}.md` : rest);
        break;
      case '/system':
        this.#renew(rest === '' ? {} : {system: line.slice('/system'.length).trim()});
        this.#say(rest === '' ? t.cli.chat.systemGone : t.cli.chat.systemSet);
        break;
      case '/temperature':
        this.#temperature(rest);
        break;
      case '/retry':
        await this.#retry(signal);
        break;
      default:
        this.#say(t.cli.chat.commands);
    }
    return 'go on';
  }

  /** Another system prompt is another conversation: the old one stays in the history as it was. */
  #renew(more: Pick<Session, 'system'>): void {
    const {clock, door} = this.#options;
    const {temperature} = this.#session;
    const kept = temperature === undefined ? {} : {temperature};
    this.#session = Sessions.start(door.model, clock.now(), {...kept, ...more});
  }

  async #history(choice: string): Promise<void> {
    const {t, sessions} = this.#options;
    if (choice === '') {
      this.#listed = await sessions.latest(20);
      const rows = this.#listed.map((session, index) => [
        String(index + 1),
        session.startedAt.slice(0, 16).replace('T', ' '),
        cutToWidth(printable(session.messages[0]?.content ?? '').replaceAll('\n', ' '), 60),
      ]);
      this.#say(rows.length === 0 ? t.cli.chat.noHistory : `${table(rows)}\n${t.cli.chat.historyHint}`);
      return;
    }
    const chosen = this.#listed[Number(choice) - 1];
    if (!chosen) {
      this.#say(t.cli.chat.historyHint);
      return;
    }
    this.#session = structuredClone(chosen);
    for (const {role, content} of chosen.messages)
      this.#say(`${role === 'user' ? '> ' : ''}${printable(content)}`);
  }

  async #save(path: string): Promise<void> {
    const {t} = this.#options;
    if (this.#session.messages.length === 0) {
      this.#say(t.cli.chat.nothingToSave);
      return;
    }
    try {
      await exportSession(this.#session, path);
      this.#say(t.cli.chat.saved({path}));
    } catch (error) {
      this.#say(`✖ ${t.cli.chat.notSaved({path, reason: describeError(error)})}`);
    }
  }

  #temperature(given: string): void {
    const {t} = this.#options;
    const value = Number(given);
    if (given === '' || !(value >= 0 && value <= 2)) {
      this.#say(t.cli.chat.temperatureRange);
      return;
    }
    this.#session.temperature = value;
    this.#say(t.cli.chat.temperatureSet({value}));
  }

  async #retry(signal: AbortSignal): Promise<void> {
    const last = this.#session.messages.findLastIndex(({role}) => role === 'user');
    const again = this.#session.messages[last];
    if (!again) {
      this.#say(this.#options.t.cli.chat.commands);
      return;
    }
    this.#session.messages.splice(last);
    await this.#answer(again.content, signal);
  }

  #say(text: string): void {
    this.#options.write(`${text}\n`);
  }
}
