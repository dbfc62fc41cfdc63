import type {Alert, Answer, Post, Verdict, Webhook} from '../alert.ts';

/** Where to, signed with what, and when: the services turn away what was signed more than an hour ago. */
export interface Signing extends Pick<Webhook, 'url' | 'secret'> {
  /** Wall clock, ms since the epoch. */
  nowMs: number;
}

/** How one service wants to be told, and how it answers. Pure. */
export interface Format {
  post(alert: Alert, signing: Signing): Post;
  judge(answer: Answer): Verdict;
}

const JSON_TYPE = {'content-type': 'application/json; charset=utf-8'};

export const jsonPost = (
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Post => ({
  url,
  headers: {...JSON_TYPE, ...headers},
  body: JSON.stringify(body),
});

/**
 * Text without what calls a whole group (`<!channel>`, `<@all>`), breaks a line or turns the direction of writing:
 * names of programs may hold anything.
 */
export const plain = (text: string): string => text.replaceAll(/[<>\p{Cc}\p{Bidi_Control}]/gu, ' ');

/** The same for Markdown, where brackets would load an image or hide an address behind a word. */
export const plainMarkdown = (text: string): string =>
  plain(text).replaceAll('[', '(').replaceAll(']', ')').replaceAll('`', "'");

/** At most so many bytes, cut between two characters. */
export function cut(text: string, bytes: number): string {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  const mark = '…';
  let end = bytes - Buffer.byteLength(mark);
  // A byte of the form 10xxxxxx goes on with the character before it.
  while (end > 0 && ((all[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${all.toString('utf8', 0, end)}${mark}`;
}

/** `name: value`, a line each. */
export const numberLines = ({numbers}: Alert, clean: (text: string) => string): string[] =>
  Object.entries(numbers).map(([name, value]) => `${name}: ${clean(String(value))}`);

export const footer = ({deployment, host, atMs}: Alert, clean: (text: string) => string): string =>
  `${clean(deployment)} @ ${clean(host)}, ${new Date(atMs).toISOString()}`;

/** By the HTTP status alone; undefined when it says that all is well. */
export function judgeStatus({status, retryAfterMs}: Answer): Verdict | undefined {
  if (status >= 200 && status < 300) return undefined;
  const reason = `HTTP ${status}`;
  if (status >= 300 && status < 400)
    return {verdict: 'refused', reason: `${reason}, and redirects are not followed`};
  if (status !== 429 && status !== 408 && status < 500) return {verdict: 'refused', reason};
  return {verdict: 'again', reason, ...(retryAfterMs !== undefined && {afterMs: retryAfterMs})};
}

/** The answer of a service that says HTTP 200 whatever happened, and what happened in its body. */
export function judgeCode(
  answer: Answer,
  names: {code: readonly string[]; message: string},
  busy: readonly number[],
): Verdict {
  const byStatus = judgeStatus(answer);
  if (byStatus) return byStatus;
  let said: unknown;
  try {
    said = JSON.parse(answer.body);
  } catch {
    return {verdict: 'refused', reason: 'the answer is not JSON'};
  }
  const record = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const code = names.code.map((name) => record[name]).find((value) => typeof value === 'number');
  if (code === 0) return {verdict: 'taken'};
  if (code === undefined) return {verdict: 'refused', reason: 'the answer has no code'};
  const message = record[names.message];
  const reason = `code ${code}${typeof message === 'string' ? `: ${cut(plain(message), 200)}` : ''}`;
  return {verdict: busy.includes(code) ? 'again' : 'refused', reason};
}
