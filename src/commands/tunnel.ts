import {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import {addressed, addressOf} from '../cli/address.ts';
import {BerthCommand, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {openWay} from '../cli/own-port.ts';
import {curl} from '../cli/present/deployment.ts';
import {describeDeployed, loadSettings} from '../deploy/index.ts';
import {isLoopback} from '../gateway/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.tunnel/1'),
  deployment: z.string(),
  host: z.string(),
  /** Address of the gateway on this machine, for as long as the command runs. */
  url: z.string(),
  /** Port of the gateway on the host's loopback. */
  remotePort: z.int(),
  keyFile: z.string(),
  model: z.string(),
});
/** It was told when the way was open: there is nothing to tell at the end. */
type Result = z.infer<typeof resultSchema> | undefined;

export default class TunnelCommand extends BerthCommand<Result> {
  static override summary = text((t) => t.cli.tunnel.summary);
  static override description = text((t) => t.cli.tunnel.more);
  static override examples = examples(
    ['tunnel --host gpu1', (t) => t.cli.tunnel.example],
    ['tunnel --host gpu1 --port 9000', (t) => t.cli.tunnel.examplePort],
  );
  static override resultSchema = resultSchema;
  static override flags = {
    ...deploymentFlags,
    port: Flags.integer({
      char: 'p',
      summary: text((t) => t.cli.tunnel.flagPort),
      env: 'BERTH_PORT',
      min: 1,
      max: 65_535,
    }),
  };

  override async run(): Promise<Result> {
    const {flags} = await this.parse(TunnelCommand);
    const {port, ...rest} = flags;
    const settings = await loadSettings({file: flags.config, flags: rest, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {status, release} = await describeDeployed(parts, settings);
    const {gateway, model} = release.identity;
    const gatewayUrl = status.url ?? `http://${gateway.address}:${gateway.port}`;
    if (parts.host.kind === 'local' || !isReachedByLoopback(gateway.address)) throw notNeeded(gatewayUrl);
    if (status.state !== 'serving') process.stderr.write(`${this.t.cli.tunnel.notServing}\n`);
    await using local = await this.parts.host('local');
    await using way = await openWay(parts.host, gateway.port, {
      ...(port !== undefined && {wanted: port}),
      holder: (taken) => local.portHolder('127.0.0.1', taken),
    });
    const {deployment, host, keyFile} = status;
    const url = way.origin;
    const told = {
      schema: 'berth.tunnel/1' as const,
      deployment,
      host,
      url,
      remotePort: gateway.port,
      keyFile,
      model,
    };
    this.endTelling();
    if (this.jsonEnabled()) this.logJson(told);
    else {
      const chat = addressed('berth chat', addressOf({host, deployment}));
      process.stdout.write(`${[this.t.cli.tunnel.open({url, host, chat}), '', curl(told)].join('\n')}\n`);
    }
    await untilAborted(this.signal);
    // Ctrl-C is how it ends: nothing went wrong.
    process.exitCode = ExitCode.interrupted;
    return undefined;
  }
}

const isReachedByLoopback = (address: string): boolean =>
  isLoopback(address) || address === '0.0.0.0' || address === '::';

/** Nothing else keeps the program alive while nobody uses the way, so a timer does. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}));
  clearInterval(alive);
}

const notNeeded = (url: string): BerthError =>
  new BerthError({
    code: 'tunnel_not_needed',
    what: (t) => t.cli.tunnel.notNeeded({url}),
    try: ['berth chat', 'berth status'],
    exit: ExitCode.usage,
    details: {url},
  });
