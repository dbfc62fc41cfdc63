import {BerthError, ExitCode} from '../base/errors.ts';
import type {Texts} from '../base/texts/index.ts';
import type {HostCheck, HostProblem} from './check-schema.ts';
import {openDocker} from './docker/docker.ts';
import type {Host} from './host.ts';
import type {SshHost} from './ssh/ssh-host.ts';

/** Proves that a machine can be reached and used; see `hostCheckSchema`. */
export async function checkHost(name: string, open: () => Promise<Host>, texts: Texts): Promise<HostCheck> {
  const kind = name === 'local' ? 'local' : 'ssh';
  try {
    await using host = await open();
    const {os, arch, user} = await host.facts();
    const docker = await checkDocker(host, texts);
    return {
      name,
      kind,
      // Without Docker, this machine can still run programs as plain processes.
      ok: kind === 'local' || docker.reachable,
      unreachable: false,
      ...{os, arch, user, stateRoot: host.stateRoot},
      ...(isSsh(host) && (await report(host))),
      docker,
    };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return {
      name,
      kind,
      ok: false,
      unreachable: error.exit === ExitCode.unreachable,
      error: problem(error, texts),
    };
  }
}

async function checkDocker(host: Host, texts: Texts): Promise<NonNullable<HostCheck['docker']>> {
  try {
    using docker = openDocker(() => host.connectDocker());
    const {version} = await docker.version();
    const by = isSsh(host) ? (await host.report()).dockerWay : undefined;
    return {reachable: true, by: by ?? 'local', version};
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return {reachable: false, error: problem(error, texts)};
  }
}

async function report(host: SshHost): Promise<Partial<HostCheck>> {
  const {endpoint, user, loginKey, hostKey, handshakes, latencyMs} = await host.report();
  return {
    endpoint,
    user,
    ...(loginKey !== undefined && {loginKey}),
    ...(hostKey !== undefined && {hostKey}),
    handshakes,
    latencyMs,
  };
}

const isSsh = (host: Host): host is SshHost => host.kind === 'ssh';

function problem(error: BerthError, texts: Texts): HostProblem {
  return {
    code: error.code,
    message: error.what(texts),
    ...(error.why && {why: error.why(texts)}),
    try: [...error.try],
  };
}
