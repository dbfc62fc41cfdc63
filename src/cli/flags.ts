import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import {BerthError, ExitCode} from '../base/errors.ts';
import {parseBytes, parseDuration, type Bytes, type Duration} from '../base/units.ts';
import {text} from './language.ts';

export {Args, Flags};

/** Flags of every command. Each flag of Berth can be set by `BERTH_<NAME>` too. */
export const globalFlags = {
  json: Flags.boolean({summary: text((t) => t.cli.flagJson), env: 'BERTH_JSON', helpGroup: 'GLOBAL'}),
  lang: Flags.option({
    options: ['en', 'zh-CN'] as const,
    summary: text((t) => t.cli.flagLang),
    env: 'BERTH_LANG',
    helpGroup: 'GLOBAL',
  })(),
  quiet: Flags.boolean({
    char: 'q',
    summary: text((t) => t.cli.flagQuiet),
    env: 'BERTH_QUIET',
    helpGroup: 'GLOBAL',
  }),
};

/** Which deployment, on which machine. No defaults: berth.yaml may say it (see `loadSettings`). */
export const deploymentFlags = {
  name: Flags.string({char: 'n', summary: text((t) => t.cli.flagName), env: 'BERTH_NAME', helpValue: 'NAME'}),
  host: Flags.string({summary: text((t) => t.cli.flagHost), env: 'BERTH_HOST', helpValue: 'HOST'}),
  config: Flags.string({
    char: 'c',
    summary: text((t) => t.cli.flagConfig),
    env: 'BERTH_CONFIG',
    helpValue: 'FILE',
  }),
};

/** Where the user's own models are described. */
export const configFlag = {config: deploymentFlags.config};

/** Which device to look at, or to use. */
export const cardFlag = {
  card: Flags.string({summary: text((t) => t.cli.flagCard), env: 'BERTH_CARD', helpValue: 'cpu|INDEX|UUID'}),
};

/** What matters most on a card. No default: berth.yaml may say it. */
export const profileFlag = {
  profile: Flags.option({
    options: ['headroom', 'throughput', 'quality'] as const,
    summary: text((t) => t.plan.help.flagProfile),
    env: 'BERTH_PROFILE',
  })(),
};

/** How a model is to run: what the settings leave open when it is not said. */
export const wayFlags = {
  ...profileFlag,
  variant: Flags.string({summary: text((t) => t.deploy.help.flagVariant), env: 'BERTH_VARIANT'}),
  engine: Flags.option({
    options: ['embedded', 'llama-cpp', 'vllm'] as const,
    summary: text((t) => t.deploy.help.flagEngine),
    env: 'BERTH_ENGINE',
  })(),
  runtime: Flags.option({
    options: ['process', 'docker'] as const,
    summary: text((t) => t.deploy.help.flagRuntime),
    env: 'BERTH_RUNTIME',
  })(),
  context: Flags.integer({
    summary: text((t) => t.deploy.help.flagContext),
    env: 'BERTH_CONTEXT',
    min: 256,
    max: 1_048_576,
  }),
  concurrency: Flags.integer({
    summary: text((t) => t.deploy.help.flagConcurrency),
    env: 'BERTH_CONCURRENCY',
    min: 1,
    max: 64,
  }),
};

/** Which machine's Docker, for commands that are about no deployment. */
export const dockerHostFlag = {
  host: Flags.string({
    summary: text((t) => t.images.help.flagHost),
    env: 'BERTH_HOST',
    helpValue: 'HOST',
    default: 'local',
  }),
};

/** What serving images are built from. */
export const imageFlags = {
  base: Flags.string({
    summary: text((t) => t.images.help.flagBase),
    env: 'BERTH_BASE',
    helpValue: 'IMAGE',
  }),
  'registry-prefix': Flags.string({
    summary: text((t) => t.images.help.flagRegistryPrefix),
    env: 'BERTH_REGISTRY_PREFIX',
    helpValue: 'PREFIX',
  }),
  cuda: Flags.option({
    options: ['12', '13'] as const,
    summary: text((t) => t.images.help.flagCuda),
    env: 'BERTH_CUDA',
  })(),
};

/** A flag for an amount of memory, `12GiB`. */
export const bytesFlag = Flags.custom<Bytes>({
  helpValue: '12GiB',
  parse: (input, _context, options) => {
    const size = parseBytes(input);
    if (size !== undefined) return Promise.resolve(size);
    throw new BerthError({
      code: 'usage',
      what: (t) => t.cli.notASize({flag: `--${options.name}`, given: input}),
      try: [`--${options.name} 12GiB`],
      exit: ExitCode.usage,
    });
  },
});

/** A flag for a span of time, `2h`. At least a second: a bare number would be milliseconds. */
export const spanFlag = Flags.custom<Duration>({
  helpValue: '2h',
  parse: (input, _context, options) => {
    const span = parseDuration(input);
    if (span !== undefined && span >= 1000) return Promise.resolve(span);
    throw new BerthError({
      code: 'usage',
      what: (t) => t.lease.spanTooShort({flag: `--${options.name}`, given: input}),
      try: [`--${options.name} 2h`],
      exit: ExitCode.usage,
    });
  },
});

/** Which machine's leases. */
export const leaseHostFlag = {
  host: Flags.string({
    summary: text((t) => t.cli.flagHost),
    env: 'BERTH_HOST',
    helpValue: 'HOST',
    default: 'local',
  }),
};

/** How much of what is promised. One of them says it. */
export const sizeFlags = {
  bytes: bytesFlag({
    summary: text((t) => t.lease.help.flagBytes),
    env: 'BERTH_BYTES',
    exclusive: ['vram', 'ram'],
  }),
  vram: bytesFlag({summary: text((t) => t.lease.help.flagVram), env: 'BERTH_VRAM', exclusive: ['ram']}),
  ram: bytesFlag({summary: text((t) => t.lease.help.flagRam), env: 'BERTH_RAM'}),
  ...cardFlag,
};

/** Of commands that start a program with a lease. */
export const anywayFlag = {
  anyway: Flags.boolean({summary: text((t) => t.lease.help.flagAnyway), env: 'BERTH_ANYWAY'}),
};

/** What is written down with a promise. */
export const promiseFlags = {
  for: spanFlag({summary: text((t) => t.lease.help.flagFor), env: 'BERTH_FOR'}),
  note: Flags.string({summary: text((t) => t.lease.help.flagNote), env: 'BERTH_NOTE', helpValue: 'TEXT'}),
};
