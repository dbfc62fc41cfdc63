import {join, resolve} from 'node:path';
import {BerthError, ExitCode} from '../../../base/errors.ts';

/** Where a supervisor keeps what it must remember about one deployment. */
export interface DeploymentPaths {
  deployment: string;
  folder: string;
  /** How to reach the supervisor; there only while one runs. */
  supervisor: string;
  /** What should run, also after the machine restarted. */
  committed: string;
  /** The programs that the supervisor started, for a host that cannot search environments. */
  programs: string;
  logs: string;
  /** What the gateway may read: the hashes of its keys. */
  door: string;
}

/** Names in the environment of every process of a deployment: `<absolute folder>`, and which run of which program. */
export const DEPLOYMENT_MARK = 'BERTH_DEPLOYMENT';
export const RUN_MARK = 'BERTH_RUN';
export const SUPERVISOR_RUN = 'supervisor';

export function deploymentPaths(stateRoot: string, deployment: string): DeploymentPaths {
  // The name becomes part of a path: nothing that could leave the state folder is let through.
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(deployment)) {
    throw new BerthError({
      code: 'bad_deployment_name',
      what: (t) => t.hosts.badName({name: deployment}),
      try: ['berth deploy --name my-model'],
      exit: ExitCode.usage,
      details: {name: deployment},
    });
  }
  const folder = join(resolve(stateRoot), deployment);
  return {
    deployment,
    folder,
    supervisor: join(folder, 'supervisor.json'),
    committed: join(folder, 'committed.json'),
    programs: join(folder, 'programs.json'),
    logs: join(folder, 'logs'),
    door: join(folder, 'door'),
  };
}
