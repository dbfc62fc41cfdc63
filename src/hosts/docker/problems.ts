import {BerthError} from '../../base/errors.ts';

/** Why the Docker of a host cannot be used. */
export type DockerProblem =
  | {kind: 'missing'}
  /** `user` may not use it, nor sudo without a password. */
  | {kind: 'forbidden'; user: string}
  | {kind: 'not-running'};

/** The error for it: `docker_missing`, `docker_forbidden` or `docker_not_running`. `evidence` is what was said. */
export function dockerProblem(
  problem: DockerProblem,
  host: string,
  evidence: {lines?: readonly string[]; cause?: unknown} = {},
): BerthError {
  const more = {lastLines: evidence.lines ?? [], details: {host}, cause: evidence.cause};
  switch (problem.kind) {
    case 'missing':
      return new BerthError({
        code: 'docker_missing',
        what: (t) => t.hosts.dockerMissing({host}),
        try: ['curl -fsSL https://get.docker.com | sudo sh'],
        ...more,
      });
    case 'forbidden':
      return new BerthError({
        code: 'docker_forbidden',
        what: (t) => t.hosts.dockerForbidden({host, user: problem.user}),
        why: (t) => t.hosts.dockerForbiddenWhy(),
        try: [`sudo usermod -aG docker ${problem.user}`],
        ...more,
      });
    case 'not-running':
      return new BerthError({
        code: 'docker_not_running',
        what: (t) => t.hosts.dockerNotRunning({host}),
        try: ['sudo systemctl start docker'],
        ...more,
      });
  }
}
