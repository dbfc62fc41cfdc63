import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import type {DeployOutcome, ReleaseList, Status} from '../../deploy/index.ts';
import {isLoopback} from '../../gateway/index.ts';
import {addressed, addressOf} from '../address.ts';
import {presentProgram} from './programs.ts';
import {keyValues, table} from '../table.ts';

type Row = readonly [string, string];

const rows = (candidates: readonly (Row | undefined | false)[]): Row[] =>
  candidates.filter((row): row is Row => Boolean(row));

const modelLine = (
  t: Texts,
  of: {model: string; variant: string; standIn: boolean; engine: string},
): string => `${of.model} ${of.variant} · ${of.engine}${of.standIn ? ` (${t.deploy.standIn})` : ''}`;

/** What a person wants to know after a deploy, a rollback or a start: where it is, and what it costs. */
export function presentDeploy(t: Texts, outcome: DeployOutcome): string {
  const {settings, measuredPeakBytes, predictedPeakBytes, budgetBytes} = outcome;
  const served = outcome.outcome !== 'planned';
  const memory = {predicted: formatBytes(predictedPeakBytes ?? 0), budget: formatBytes(budgetBytes ?? 0)};
  const facts = keyValues(
    rows([
      ...urlRows(t, outcome.url, outcome),
      [t.deploy.labelKey, outcome.keyFile],
      outcome.newKey && ['', t.deploy.keyShownOnce({key: outcome.newKey.reveal()})],
      [t.deploy.labelModel, modelLine(t, outcome)],
      outcome.release !== undefined && [t.deploy.labelRelease, String(outcome.release)],
      outcome.ladder && [t.deploy.labelLadder, t.deploy.ladder[outcome.ladder]],
      served && [t.deploy.labelHealth, t.deploy.healthy],
      outcome.firstTokenMs !== undefined && [t.deploy.labelFirstToken, formatDuration(outcome.firstTokenMs)],
      settings && [
        t.deploy.labelContext,
        t.deploy.context({tokens: settings.contextTokens, sequences: settings.sequences}),
      ],
      predictedPeakBytes !== undefined && [
        t.deploy.labelMemory,
        measuredPeakBytes === undefined
          ? t.deploy.memoryPredicted(memory)
          : t.deploy.memory({...memory, measured: formatBytes(measuredPeakBytes)}),
      ],
      outcome.programs &&
        outcome.programs.allowanceBytes > 0 && [
          '',
          t.deploy.programs({
            used: formatBytes(outcome.programs.usedBytes),
            allowance: formatBytes(outcome.programs.allowanceBytes),
          }),
        ],
      outcome.freeBytes !== undefined && [
        t.deploy.labelHeadroom,
        t.deploy.headroom({free: formatBytes(outcome.freeBytes)}),
      ],
      outcome.longestHoldMs !== undefined && [
        t.deploy.labelRequests,
        t.deploy.hold({longest: formatDuration(outcome.longestHoldMs)}),
      ],
    ]),
  );
  const lines = [headline(t, outcome), '', facts];
  if (outcome.weightsMissing) lines.push('', settings ? t.deploy.weightsForeseen : t.deploy.weightsMissing);
  for (const program of outcome.wouldRun ?? []) lines.push('', presentProgram(t, program));
  if (served) lines.push('', t.deploy.tryIt, tryIt(outcome));
  return lines.join('\n');
}

type Where = Pick<Status, 'host' | 'deployment'>;

/** The loopback of another machine is not this one's. */
const isElsewhere = (url: string, {host}: Where): boolean =>
  host !== 'local' && isLoopback(new URL(url).hostname);

function urlRows(t: Texts, url: string, where: Where): Row[] {
  if (!isElsewhere(url, where)) return [[t.deploy.labelUrl, url]];
  const command = addressed('berth tunnel', addressOf(where));
  return [
    [t.deploy.labelUrl, t.deploy.urlOnHost({url, host: where.host})],
    ['', t.deploy.wayHere({command})],
  ];
}

const tryIt = (outcome: DeployOutcome): string =>
  isElsewhere(outcome.url, outcome)
    ? `  ${addressed('berth chat', addressOf(outcome))} --once 'Hello!'`
    : curl(outcome);

function headline(t: Texts, {outcome, durationMs}: DeployOutcome): string {
  const seconds = formatDuration(durationMs);
  switch (outcome) {
    case 'deployed':
    case 'restarted':
    case 'rolled-back':
      return t.deploy.outcome[outcome]({seconds});
    case 'unchanged':
    case 'planned':
      return t.deploy.outcome[outcome];
  }
}

/** A request that can be pasted as it is; the key stays in its file. */
export function curl({url, keyFile, model}: Pick<DeployOutcome, 'url' | 'keyFile' | 'model'>): string {
  const body = JSON.stringify({model, stream: true, messages: [{role: 'user', content: 'Hello!'}]});
  return [
    `  curl -N ${url}/v1/chat/completions \\`,
    `    -H "Authorization: Bearer $(cat '${keyFile}')" -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`,
  ].join('\n');
}

/** The one command that helps, for states in which something must be done. */
const NEXT: Partial<Record<Status['state'], string>> = {
  stopped: 'berth start',
  dead: 'berth start',
  failed: 'berth logs',
  absent: 'berth deploy',
};

export function presentStatus(t: Texts, status: Status): string {
  const {pids, requests, changing} = status;
  const next = NEXT[status.state];
  const processes = pids && [
    ...(pids.supervisor === undefined ? [] : [`supervisor ${pids.supervisor}`]),
    `gateway ${pids.gateway.join(' ')}`,
    `engine ${pids.engine.join(' ')}`,
  ];
  const facts = keyValues(
    rows([
      [
        t.deploy.labelState,
        t.deploy.state[status.state] + (next ? `: ${addressed(next, addressOf(status))}` : ''),
      ],
      Boolean(status.restarts) && ['', t.deploy.restarts({count: status.restarts ?? 0})],
      changing && ['', t.deploy.changing({owner: changing.owner})],
      status.watch && ['', t.deploy.watchDown[status.watch.state]],
      ...(status.url === undefined ? [] : urlRows(t, status.url, status)),
      status.release !== undefined && [t.deploy.labelKey, status.keyFile],
      status.model !== undefined && [
        t.deploy.labelModel,
        modelLine(t, {
          model: status.model,
          variant: status.variant ?? '',
          standIn: status.standIn ?? false,
          engine: status.engine ?? '',
        }),
      ],
      status.release !== undefined && [t.deploy.labelRelease, String(status.release)],
      [t.deploy.labelRuntime, status.runtime],
      [t.deploy.labelHost, status.host],
      status.since !== undefined && [t.deploy.labelSince, status.since],
      processes && [t.deploy.labelProcesses, processes.join(', ')],
      requests && [t.deploy.labelRequests, t.deploy.requests(requests)],
    ]),
  );
  return [facts, ...(status.lastLines ?? []).slice(-10).map((line) => `  ${line}`)].join('\n');
}

/** One row a release, the newest last. */
export function presentReleases(t: Texts, {releases, serving}: ReleaseList): string {
  return table(
    releases.map(({release, outcome}) => [
      String(release.number),
      release.createdAt.replace('T', ' ').slice(0, 19),
      `${release.identity.model} ${release.identity.variant}`,
      release.number === serving
        ? t.deploy.release.serving
        : t.deploy.release[outcome?.state ?? 'unfinished'],
      outcome?.error?.message ?? '',
    ]),
    {
      head: [
        t.deploy.columnRelease,
        t.deploy.columnWhen,
        t.deploy.columnModel,
        t.deploy.columnState,
        t.deploy.columnNote,
      ],
      align: ['right'],
    },
  );
}
