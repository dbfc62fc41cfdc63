import {BerthError, ExitCode} from '../../../../base/errors.ts';
import {stateFileDamaged} from '../../../../base/files.ts';
import {formatDuration, type Duration} from '../../../../base/units.ts';
import type {PortHolder} from '../../../host.ts';
import type {Failure} from '../wire.ts';

export type FindPortHolder = (address: string, port: number) => Promise<PortHolder | undefined>;

/** Makes an error for people of what the supervisor could not do. */
export async function explainFailure(failure: Failure, findHolder: FindPortHolder): Promise<Error> {
  switch (failure.code) {
    case 'deploy_in_progress':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.deployInProgress({owner: failure.owner, since: failure.since}),
        try: ['berth status'],
        details: {owner: failure.owner, since: failure.since},
      });
    case 'port_taken':
      return await portTaken(failure.url, findHolder);
    case 'gateway_failed':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.gatewayFailed(),
        ...(failure.reason !== '' && {why: () => failure.reason}),
        try: ['berth logs gateway', 'berth doctor'],
        lastLines: failure.lastLines,
      });
    case 'gateway_unavailable':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.gatewayUnavailable(),
        try: ['berth status', 'berth start'],
        exit: ExitCode.unreachable,
      });
    case 'watch_unavailable':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.watchUnavailable(),
        ...(failure.reason !== '' && {why: () => failure.reason}),
        try: ['berth logs watch', 'berth start'],
        exit: ExitCode.unreachable,
      });
    case 'engine_unknown':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.engineUnknown({name: failure.name, known: failure.known}),
        try: ['berth status'],
        details: {known: failure.known},
      });
    case 'engine_gone':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.engineGone({name: failure.name}),
        try: [`berth logs ${failure.name}`],
        lastLines: failure.lastLines,
      });
    case 'transition_over':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.transitionOver(),
        try: ['berth status', 'berth deploy'],
      });
    case 'ending':
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.ending(),
        try: ['berth status'],
      });
    case 'state_not_writable': {
      const {path, reason} = failure;
      return new BerthError({
        code: failure.code,
        what: (t) => t.hosts.stateNotWritable({path}),
        why: (t) => t.hosts.systemSays({reason}),
        try: [`ls -ld ${path}`, `df -h ${path}`],
        details: {path, reason},
      });
    }
    case 'bug':
      return new Error(`The supervisor failed: ${failure.message}`);
  }
}

async function portTaken(url: string, findHolder: FindPortHolder): Promise<BerthError> {
  const {hostname, port: text} = new URL(url);
  const port = Number(text);
  const holder = await findHolder(hostname.replace(/^\[|\]$/g, ''), port);
  return new BerthError({
    code: 'port_taken',
    what: (t) => t.hosts.portTaken({port, ...holder}),
    try: [`berth deploy --port ${port < 65_535 ? port + 1 : port - 1}`],
    details: {...holder, port},
  });
}

/** The supervisor ended, or was killed, while somebody spoke to it. */
export const supervisorGone = (cause: unknown): BerthError =>
  new BerthError({
    code: 'supervisor_gone',
    what: (t) => t.hosts.supervisorGone(),
    try: ['berth start', 'berth logs supervisor'],
    exit: ExitCode.unreachable,
    cause,
  });

/** The supervisor's process is there, and does not answer. */
export class SupervisorSilent extends BerthError {
  constructor(deadline: Duration, cause: unknown) {
    super({
      code: 'supervisor_silent',
      what: (t) => t.hosts.supervisorSilent({deadline: formatDuration(deadline)}),
      try: ['berth stop', 'berth start'],
      exit: ExitCode.unreachable,
      cause,
    });
  }
}

export const nothingDeployed = (deployment: string): BerthError =>
  new BerthError({
    code: 'nothing_deployed',
    what: (t) => t.hosts.nothingDeployed({deployment}),
    try: ['berth deploy'],
    details: {deployment},
  });

/** The next deploy heals it. */
export const stateDamaged = (path: string): BerthError => stateFileDamaged(path, undefined, ['berth deploy']);

export const otherVersion = (): BerthError =>
  new BerthError({
    code: 'supervisor_other_version',
    what: (t) => t.hosts.supervisorOtherVersion(),
    try: ['berth stop', 'berth start'],
  });

export const supervisorFailed = (lastLines: readonly string[]): BerthError =>
  new BerthError({
    code: 'supervisor_failed',
    what: (t) => t.hosts.supervisorFailed(),
    try: ['berth logs supervisor', 'berth doctor'],
    lastLines,
  });
