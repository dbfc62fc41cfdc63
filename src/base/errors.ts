// English alone: programs in the background throw errors too, and need no other language to log them.
import {en} from './texts/en/index.ts';
import type {Say} from './texts/index.ts';

/** Exit codes of the command line. 70 is for bugs and is never carried by a BerthError. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  unhealthy: 4,
  doesNotFit: 5,
  bug: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface BerthErrorOptions {
  /** Stable snake_case name, part of the JSON contract. */
  code: string;
  /** One sentence: what went wrong. */
  what: Say;
  /** What caused it, when that says more than `what`. */
  why?: Say;
  /** What to type next, the best first. Commands, not translated. */
  try?: readonly string[];
  exit?: ExitCode;
  /** Facts for `--json`: plain JSON, byte fields end in `Bytes`, times in `Ms`. Never a secret. */
  details?: Readonly<Record<string, unknown>>;
  /** The log lines that matter, oldest first. */
  lastLines?: readonly string[];
  cause?: unknown;
}

/**
 * An error meant for the person at the keyboard: it says what, why and what to do next.
 * Anything else that is thrown is a bug (exit 70).
 */
export class BerthError extends Error {
  readonly code: string;
  readonly what: Say;
  readonly why: Say | undefined;
  readonly try: readonly string[];
  readonly exit: ExitCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly lastLines: readonly string[];

  constructor(options: BerthErrorOptions) {
    super(options.what(en), {cause: options.cause});
    this.name = 'BerthError';
    this.code = options.code;
    this.what = options.what;
    this.why = options.why;
    this.try = options.try ?? [];
    this.exit = options.exit ?? ExitCode.failed;
    this.details = options.details ?? {};
    this.lastLines = options.lastLines ?? [];
  }

  /** The shape of every failure in `--json` (English, stable). */
  toJSON(): Record<string, unknown> {
    return {
      error: {
        code: this.code,
        message: this.what(en),
        ...(this.why && {why: this.why(en)}),
        try: this.try,
        exit: this.exit,
        details: this.details,
        ...(this.lastLines.length > 0 && {lastLines: this.lastLines}),
      },
    };
  }
}

/** The message of anything that can be thrown, with the causes behind it. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : `: ${describeError(thrown.cause)}`;
  return `${thrown.message}${cause}`;
}

/**
 * What went wrong first. Where a scope is left by an error and tidying up fails as well (a lost connection fails
 * both), JavaScript throws a SuppressedError: what people want to know is what was suppressed.
 */
export function firstError(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? firstError(thrown.suppressed) : thrown;
}

/** The `code` of a Node system error (`ENOENT`), if it is one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
