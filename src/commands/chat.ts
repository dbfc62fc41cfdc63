import {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import {Secret} from '../base/secret.ts';
import {ask, firstModel, type Door} from '../cli/chat/client.ts';
import {Conversation} from '../cli/chat/conversation.ts';
import {PRESETS, readText, systemPrompt} from '../cli/chat/presets.ts';
import {Sessions} from '../cli/chat/sessions.ts';
import {converse} from '../cli/chat/terminal.ts';
import {BerthCommand, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {printable} from '../cli/printable.ts';
import {loadSettings} from '../deploy/config/load.ts';

const resultSchema = z.object({
  schema: z.literal('berth.chat/1'),
  answer: z.string(),
  /** `length` when the answer was cut at --max-tokens. */
  finishReason: z.string().optional(),
  usage: z.object({promptTokens: z.int(), completionTokens: z.int()}).optional(),
  /** Milliseconds from the request to the first text. */
  ttftMs: z.number().optional(),
  model: z.string(),
});
/** Nothing after a conversation: it has told everything while it went on. */
type Result = z.infer<typeof resultSchema> | undefined;

const temperature = Flags.custom<number>({
  helpValue: '0.7',
  parse: (input) => {
    const value = Number(input);
    if (input.trim() !== '' && value >= 0 && value <= 2) return Promise.resolve(value);
    throw new BerthError({
      code: 'usage',
      what: (t) => t.cli.chat.temperatureRange,
      try: ['berth chat --temperature 0.7'],
      exit: ExitCode.usage,
    });
  },
});

export default class Chat extends BerthCommand<Result> {
  static override summary = text((t) => t.cli.chat.summary);
  static override description = text((t) => t.cli.chat.more);
  static override examples = examples(
    ['chat', (t) => t.cli.chat.exampleTalk],
    ['chat --once "What is a berth?"', (t) => t.cli.chat.exampleOnce],
    ['chat --preset knowledge --file notes.md', (t) => t.cli.chat.exampleKnowledge],
    ['chat --preset review --file change.diff --once "Review this."', (t) => t.cli.chat.exampleReview],
  );
  static override flags = {
    ...deploymentFlags,
    once: Flags.string({summary: text((t) => t.cli.chat.flagOnce), env: 'BERTH_ONCE', helpValue: 'TEXT'}),
    system: Flags.string({
      summary: text((t) => t.cli.chat.flagSystem),
      env: 'BERTH_SYSTEM',
      helpValue: 'TEXT',
    }),
    preset: Flags.option({
      options: PRESETS,
      summary: text((t) => t.cli.chat.flagPreset),
      env: 'BERTH_PRESET',
    })(),
    file: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: text((t) => t.cli.chat.flagFile),
      env: 'BERTH_FILE',
      helpValue: 'FILE',
    }),
    temperature: temperature({summary: text((t) => t.cli.chat.flagTemperature), env: 'BERTH_TEMPERATURE'}),
    'max-tokens': Flags.integer({
      min: 1,
      summary: text((t) => t.cli.chat.flagMaxTokens),
      env: 'BERTH_MAX_TOKENS',
    }),
    url: Flags.string({summary: text((t) => t.cli.chat.flagUrl), env: 'BERTH_URL', helpValue: 'URL'}),
    'key-file': Flags.string({
      summary: text((t) => t.cli.chat.flagKeyFile),
      env: 'BERTH_KEY_FILE',
      helpValue: 'FILE',
      dependsOn: ['url'],
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(Chat);
    if (this.jsonEnabled() && flags.once === undefined) {
      throw new BerthError({
        code: 'usage',
        what: (t) => t.cli.chat.jsonNeedsOnce,
        exit: ExitCode.usage,
        try: ['berth chat --once "…" --json'],
      });
    }
    const system = await systemPrompt(
      {preset: flags.preset, files: flags.file ?? [], system: flags.system},
      this.t,
    );
    await using opened = new AsyncDisposableStack();
    const {door, deployment} =
      flags.url === undefined
        ? await this.#ownDoor(flags, opened)
        : {door: await this.#doorAt(flags.url, flags['key-file']), deployment: new URL(flags.url).host};
    const {clock} = this.parts;
    if (flags.once !== undefined) {
      const once = {temperature: flags.temperature, maxTokens: flags['max-tokens'], system};
      return await this.#once(door, flags.once, once);
    }

    const session = Sessions.start(door.model, clock.now(), {
      ...(system !== undefined && {system}),
      ...(flags.temperature !== undefined && {temperature: flags.temperature}),
    });
    const conversation = new Conversation({
      door,
      sessions: new Sessions(this.parts.folders.state, deployment.replaceAll(/[^\w.-]/g, '-')),
      session,
      maxTokens: flags['max-tokens'],
      clock,
      t: this.t,
      write: (piece) => process.stdout.write(piece),
    });
    if (process.stdin.isTTY) process.stdout.write(`${this.t.cli.chat.welcome({model: door.model})}\n`);
    await converse(conversation, {
      input: process.stdin,
      output: process.stdout,
      t: this.t,
      signal: this.signal,
    });
    this.signal.throwIfAborted();
    return undefined;
  }

  async #once(
    door: Door,
    question: string,
    {
      system,
      ...options
    }: {system: string | undefined; temperature?: number | undefined; maxTokens?: number | undefined},
  ): Promise<Result> {
    const {text: answer, ...measured} = await ask(door, {
      ...options,
      messages: [
        ...(system === undefined ? [] : [{role: 'system' as const, content: system}]),
        {role: 'user', content: question},
      ],
      signal: this.signal,
      clock: this.parts.clock,
      onText: (piece) => {
        if (!this.jsonEnabled()) process.stdout.write(printable(piece));
      },
    });
    this.signal.throwIfAborted();
    const {finishReason, usage, ttftMs} = measured;
    const result = {
      schema: 'berth.chat/1' as const,
      answer,
      model: door.model,
      ...(finishReason !== undefined && {finishReason}),
      ...(usage && {usage}),
      ...(ttftMs !== undefined && {ttftMs}),
    };
    return this.present(result, () => '');
  }

  /** The door of a deployment of ours, with this client's key; the way to it stays open as long as `opened`. */
  async #ownDoor(
    flags: {name?: string | undefined; host?: string | undefined; config?: string | undefined},
    opened: AsyncDisposableStack,
  ): Promise<{door: Door; deployment: string}> {
    const {describeDeployed} = await import('../deploy/index.ts');
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    const parts = opened.use(await this.parts.deploy(settings, this.progress, this.signal));
    const {status, key, release} = await describeDeployed(parts, settings);
    if (status.standIn === true) process.stderr.write(`${this.t.cli.chat.standIn}\n`);
    const {address, port} = release.identity.gateway;
    const url = await parts.reach(status.url ?? `http://${address}:${port}`);
    const door = {url, key, model: release.identity.model};
    return {door, deployment: settings.deployment};
  }

  /** Any gateway whose address is known: a colleague's, for instance. */
  async #doorAt(url: string, keyFile: string | undefined): Promise<Door> {
    if (!URL.canParse(url)) {
      throw new BerthError({
        code: 'usage',
        what: (t) => t.cli.chat.badUrl({url}),
        try: ['berth chat --url http://127.0.0.1:8080'],
        exit: ExitCode.usage,
      });
    }
    const written = keyFile === undefined ? process.env.BERTH_KEY : await readText(keyFile);
    const key = written === undefined ? undefined : new Secret(written.trim());
    return {url, key, model: await firstModel({url, key}, this.signal)};
  }
}
