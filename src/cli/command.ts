import {Command} from '@oclif/core/command';
import type {z} from 'zod';
import {ExitCode} from '../base/errors.ts';
import type {Progress} from '../base/progress.ts';
import {textsFor, type Language, type Texts} from '../base/texts/index.ts';
import {compose, type Parts} from '../compose.ts';
import {addressIn, type Address} from './address.ts';
import {askOnTerminal} from './ask.ts';
import {globalFlags} from './flags.ts';
import {currentLanguage} from './language.ts';
import {chooseTelling, type Telling} from './progress/choose.ts';
import {tellError} from './tell-error.ts';
import {usageError} from './usage-errors.ts';

export {
  Args,
  bytesFlag,
  cardFlag,
  configFlag,
  deploymentFlags,
  dockerHostFlag,
  Flags,
  imageFlags,
  leaseHostFlag,
  anywayFlag,
  promiseFlags,
  sizeFlags,
  spanFlag,
  wayFlags,
} from './flags.ts';
export {examples, text} from './language.ts';

/**
 * What every command of Berth shares. A command parses, calls, and presents:
 * results go to stdout, the story to stderr, and with `--json` both are JSON.
 */
export abstract class BerthCommand<Result> extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = globalFlags;
  /** The shape of the result with `--json`; a contract test compares it with test/contract/schemas. */
  static resultSchema: z.ZodType;

  readonly #abort = new AbortController();
  #telling: Telling | undefined;
  #parts: Parts | undefined;
  #unhook: (() => void) | undefined;

  abstract override run(): Promise<Result>;

  protected get language(): Language {
    return currentLanguage(this.argv);
  }

  protected get t(): Texts {
    return textsFor(this.language);
  }

  /** For texts inside a result: JSON is never translated. */
  protected get resultTexts(): Texts {
    return textsFor(this.jsonEnabled() ? 'en' : this.language);
  }

  /** Which deployment this command line names, for the commands that a person may type next. */
  protected get address(): Address {
    return addressIn(this.argv);
  }

  protected get parts(): Parts {
    return (this.#parts ??= compose(
      process.env,
      askOnTerminal(
        () => this.t,
        () => this.endTelling(),
      ),
    ));
  }

  /** Aborted by Ctrl-C and SIGTERM; a second Ctrl-C ends the program at once. */
  protected get signal(): AbortSignal {
    if (!this.#unhook) {
      const stop = (): void => {
        if (this.#abort.signal.aborted) process.exit(ExitCode.interrupted);
        this.#abort.abort();
      };
      process.on('SIGINT', stop).on('SIGTERM', stop);
      this.#unhook = () => process.off('SIGINT', stop).off('SIGTERM', stop);
    }
    return this.#abort.signal;
  }

  /** Tells long work on stderr: a live tree, plain lines or NDJSON, whatever can be shown there. */
  protected get progress(): Progress {
    this.#telling ??= chooseTelling(
      {json: this.jsonEnabled(), quiet: this.has('--quiet', '-q') || isTrue(process.env.BERTH_QUIET)},
      process.stderr,
      this.t,
      this.parts.clock,
    );
    return this.#telling.progress;
  }

  /**
   * Ends a command: prints the result for people, or hands it to `--json`. `exit` is for results that
   * are no errors but say that something is not well (`berth health`).
   */
  protected present(result: Result, render: (t: Texts) => string, exit: ExitCode = ExitCode.ok): Result {
    this.endTelling();
    if (!this.jsonEnabled()) process.stdout.write(`${render(this.t).replace(/\n$/, '')}\n`);
    process.exitCode = exit;
    return result;
  }

  /** Leaves the live tree as it is, so that something else can be written to the terminal. */
  protected endTelling(): void {
    this.#telling?.end();
    this.#telling = undefined;
  }

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || isTrue(process.env.BERTH_JSON);
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  }

  protected override async catch(thrown: unknown): Promise<void> {
    // Without this, oclif adds a warning for developers when the arguments cannot be parsed.
    this.parsed = true;
    this.endTelling();
    const shape = {
      id: (this.id ?? '').replaceAll(':', ' '),
      flags: Object.keys({...this.ctor.baseFlags, ...this.ctor.flags}),
    };
    process.exitCode = await tellError(usageError(thrown, shape) ?? thrown, {
      language: this.language,
      json: this.jsonEnabled(),
      stateFolder: this.parts.folders.state,
      interrupted: this.#abort.signal.aborted,
      address: this.address,
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
    });
  }

  protected override finally(): Promise<void> {
    this.endTelling();
    this.#unhook?.();
    return Promise.resolve();
  }

  private has(...names: readonly string[]): boolean {
    const end = this.argv.indexOf('--');
    return (end === -1 ? this.argv : this.argv.slice(0, end)).some((word) => names.includes(word));
  }
}

const isTrue = (value: string | undefined): boolean => /^(1|true|yes|y)$/i.test(value ?? '');
