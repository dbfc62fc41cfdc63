import {isObject} from '../requests/prepare.ts';

/** Tokens as the engine counted them. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
}

/** An event longer than this is passed on in pieces instead of being held back whole. Bytes. */
const LONGEST_EVENT = 2 ** 20;

const DONE = 'data: [DONE]';

/** Where generated text stands in a streamed event, the most common first. */
const CONTENT_KEYS = {
  chat: ['"content":', '"reasoning_content":', '"reasoning":', '"arguments":'],
  completion: ['"text":'],
} as const;

/**
 * Reads a server-sent event stream as it passes: when content came, and the usage at its end.
 *
 * This is the hot path: it runs for every event of every stream, so it parses no JSON. It searches the bytes
 * (as a latin1 string, one character a byte) for a content key that is followed by a non-empty string. Such a
 * key cannot stand inside generated text, where its quotes would be escaped. Only whole events are passed on,
 * so that the usage event can be taken out, and what a client sees never ends in half an event.
 */
export class StreamMeter {
  /** Times of `now` at the first and last event with generated text. */
  firstContent: number | undefined;
  lastContent: number | undefined;
  /** Chunks that carried generated text: about one a token. */
  contentChunks = 0;
  usage: Usage | undefined;
  /** The engine said that the stream is complete. */
  done = false;
  /** Bytes passed on end inside an event. */
  insideEvent = false;

  #carry = '';
  #key: string;
  readonly #keys: readonly string[];
  readonly #keepUsage: boolean;

  constructor(operation: 'chat' | 'completion', keepUsage: boolean) {
    this.#keys = CONTENT_KEYS[operation];
    this.#key = CONTENT_KEYS[operation][0];
    this.#keepUsage = keepUsage;
  }

  /** Takes bytes that came at `now` (ms) and returns what may be sent on, one character a byte. */
  feed(chunk: Buffer, now: number): string {
    let text = chunk.toString('latin1');
    if (this.#carry !== '') {
      text = this.#carry + text;
      this.#carry = '';
    }
    if (!endsEvent(text)) {
      text = this.#holdBack(text);
      if (text === '') return '';
    } else this.insideEvent = false;
    if (this.#hasContent(text)) {
      this.firstContent ??= now;
      this.lastContent = now;
      this.contentChunks++;
    }
    // A ']' before the blank line is the only cheap sign of the end; content ends in '}'.
    const end = text.trimEnd();
    if (end.charCodeAt(end.length - 1) === 0x5d) this.done ||= end.endsWith(DONE);
    if (text.includes('"usage":')) return this.#readUsage(text);
    return text;
  }

  /** What was held back when the engine ended in the middle of an event. */
  rest(): string {
    const rest = this.#carry;
    this.#carry = '';
    return rest;
  }

  #holdBack(text: string): string {
    const cut = Math.max(text.lastIndexOf('\n\n') + 2, text.lastIndexOf('\n\r\n') + 3, 2);
    const whole = cut > 2 ? cut : 0;
    if (text.length - whole > LONGEST_EVENT) {
      this.insideEvent = true;
      return text;
    }
    this.#carry = text.slice(whole);
    if (whole > 0) this.insideEvent = false;
    return text.slice(0, whole);
  }

  #hasContent(text: string): boolean {
    if (hasText(text, this.#key)) return true;
    for (const key of this.#keys) {
      if (key !== this.#key && hasText(text, key)) {
        this.#key = key;
        return true;
      }
    }
    return false;
  }

  #readUsage(text: string): string {
    let kept = '';
    for (const event of text.split(/(?<=\n\r?\n)/)) {
      const usage = event.includes('"usage":') ? usageOf(event) : undefined;
      if (usage) this.usage = usage.usage;
      if (this.#keepUsage || !usage?.alone) kept += event;
    }
    return kept;
  }
}

const endsEvent = (text: string): boolean => text.endsWith('\n\n') || text.endsWith('\n\r\n');

/** Whether `key` is followed by a string that is not empty. */
function hasText(text: string, key: string): boolean {
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at)) {
    at += key.length;
    if (text.charCodeAt(at) === 0x20) at++;
    if (text.charCodeAt(at) === 0x22 && text.charCodeAt(at + 1) !== 0x22) return true;
  }
  return false;
}

/** The usage in one event; `alone` when the event carries nothing else. */
function usageOf(event: string): {usage: Usage; alone: boolean} | undefined {
  const data = /^data: ?(.*)$/m.exec(event)?.[1];
  if (data === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Not JSON: nothing to count. It is passed on as it came, for the client to judge.
    return undefined;
  }
  const usage = readUsage(value);
  if (!usage || !isObject(value)) return undefined;
  return {usage, alone: Array.isArray(value.choices) && value.choices.length === 0};
}

/** The usage of an answer or event in OpenAI's format, if it has one. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value) || !isObject(value.usage)) return undefined;
  const {prompt_tokens: prompt, completion_tokens: completion} = value.usage;
  if (typeof prompt !== 'number') return undefined;
  return {promptTokens: prompt, completionTokens: typeof completion === 'number' ? completion : 0};
}
