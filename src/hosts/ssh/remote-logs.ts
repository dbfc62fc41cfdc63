import {createInterface} from 'node:readline';
import {imageProgram} from '../../base/program.ts';
import type {Host} from '../host.ts';
import type {LogLine, LogOptions} from '../runtimes/runtime.ts';
import type {LogQuestion} from '../runtimes/docker/logs/question.ts';
import {committedFrom} from '../runtimes/supervisor/committed.ts';
import type {DeploymentPaths} from '../runtimes/supervisor/paths.ts';

/** The logs of a deployment on another host, read there by the image that it was deployed with. */
export async function* readRemoteLogs(
  host: Pick<Host, 'runInImage' | 'files'>,
  paths: DeploymentPaths,
  {signal, ...wanted}: LogOptions,
): AsyncGenerator<LogLine> {
  const file = committedFrom(await host.files.read(paths.committed));
  const image = file.found === 'committed' ? file.committed.gateway.container?.image : undefined;
  // Nothing was ever committed here, so nothing has logged for long.
  if (image === undefined) return;
  const question: LogQuestion = {folder: paths.logs, ...wanted};
  const stream = await host.runInImage({
    image,
    argv: [...imageProgram('hosts/runtimes/docker/logs/main'), JSON.stringify(question)],
    as: 'owner',
    network: false,
    gpus: false,
    mounts: [{path: paths.logs, readOnly: true}],
  });
  const lines = createInterface({input: stream});
  const stop = (): void => {
    // A stream that is destroyed has no end, which is what the lines would wait for.
    lines.close();
    stream.destroy();
  };
  signal?.addEventListener('abort', stop, {once: true});
  try {
    for await (const line of lines) yield parse(line);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

function parse(text: string): LogLine {
  const {at, ...line} = JSON.parse(text) as Omit<LogLine, 'at'> & {at?: string};
  return {...line, ...(at !== undefined && {at: new Date(at)})};
}
