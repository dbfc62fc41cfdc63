import {
  WATCH_EVENT_KINDS,
  type Answers,
  type Question,
  type Store,
  type WatchEventKind,
} from '../monitor/index.ts';

export interface Answering {
  store: Store;
  now: () => Answers['now'];
  metrics: () => string;
  guard: () => Answers['guard'];
  alerts: () => Answers['alerts'];
  testAlerts: (id: string) => Answers['test-alerts'];
}

/** Answers one question. Throws what is wrong with it, for whoever asked. */
export async function answer(question: unknown, answering: Answering): Promise<unknown> {
  const {store, now, metrics, guard, alerts, testAlerts} = answering;
  const asked = question as Partial<Record<string, unknown>> & {ask?: Question['ask']};
  switch (asked.ask) {
    case 'now':
      return now();
    case 'history':
      return await store.history(
        timeIn(asked, 'sinceMs'),
        timeIn(asked, 'untilMs'),
        Math.max(1000, timeIn(asked, 'stepMs')),
      );
    case 'events':
      return store.events(timeIn(asked, 'sinceMs'), kindsIn(asked));
    case 'peaks':
      return store.peaks(Math.min(400, Math.max(1, Math.round(timeIn(asked, 'days')))));
    case 'metrics':
      return metrics();
    case 'guard':
      return guard();
    case 'alerts':
      return alerts();
    case 'test-alerts':
      return testAlerts(textIn(asked, 'test'));
    case undefined:
    default:
      throw new Error(`the watch does not know the question ${JSON.stringify(asked.ask)}`);
  }
}

function timeIn(asked: Partial<Record<string, unknown>>, name: string): number {
  const value = asked[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} is no number`);
  return value;
}

function textIn(asked: Partial<Record<string, unknown>>, name: string): string {
  const value = asked[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function kindsIn({kinds}: Partial<Record<string, unknown>>): WatchEventKind[] | undefined {
  if (!Array.isArray(kinds)) return undefined;
  return WATCH_EVENT_KINDS.filter((kind) => kinds.includes(kind));
}
