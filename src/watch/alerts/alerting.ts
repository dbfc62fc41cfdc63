import {join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {Secret} from '../../base/secret.ts';
import {alertTextsFor} from '../../base/texts/alerts.ts';
import {
  alertOf,
  catchUp,
  happeningOf,
  hear,
  Outbox,
  standing,
  type Alert,
  type AlertsStatus,
  type AlertTest,
  type Outcome,
  type Telling,
  type Webhook,
  type WatchEvent,
} from '../../monitor/index.ts';
import {alertsFile, type AlertOrders} from './orders.ts';
import {AlertTester} from './tester.ts';
import {FollowedFile} from '../followed-file.ts';
import {ToldFile} from './told-file.ts';

export interface AlertingOptions {
  deployment: string;
  /** The deployment's own folder on the host. */
  stateFolder: string;
  clock: Clock;
  /** Keeps an event. */
  note: (event: WatchEvent) => void;
  say: (line: string) => void;
  /** Hears whether somebody elsewhere is to be told from now on. */
  onOutward: (outward: boolean) => void;
}

/**
 * Tells people elsewhere what happens. Nothing that it is asked for takes time: alerts are sent on the side, and what
 * people know and what still waits outlives the watch.
 */
export class Alerting {
  readonly #options: AlertingOptions;
  readonly #orders: FollowedFile<AlertOrders>;
  readonly #file: ToldFile;
  readonly #tester: AlertTester;
  /** Null before the first look: then the way out is set right, whoever left it open. */
  #obeyed: AlertOrders | undefined | null = null;
  #outboxes: Outbox[] = [];
  readonly #closing: Promise<void>[] = [];

  constructor(options: AlertingOptions) {
    const {stateFolder, say, clock} = options;
    this.#options = options;
    this.#orders = new FollowedFile({
      file: alertsFile(stateFolder),
      schema: 'berth.alerts/1',
      onRead: ({webhooks}) => say(`alerts: ${webhooks.map(({name}) => name).join(', ')}`),
      say,
    });
    this.#file = new ToldFile({
      file: join(stateFolder, 'watch', 'told.json'),
      waiting: () => this.#outboxes.map(({webhook, waiting}) => [webhook.name, waiting]),
      say,
    });
    this.#tester = new AlertTester(clock);
  }

  /** Once a second: obeys a deploy, and tells what was held back until now. */
  tick(): void {
    const orders = this.#obey();
    if (!orders) return;
    const {repeatMs} = orders;
    const {told, tell} = catchUp(this.#file.told, {nowMs: this.#nowMs, repeatMs});
    if (told === this.#file.told) return;
    this.#file.told = told;
    this.#tell(tell, orders);
  }

  /** What happened just now. */
  hear(events: readonly WatchEvent[]): void {
    const orders = this.#obey();
    if (!orders) return;
    const {topics, repeatMs} = orders;
    for (const event of events) {
      const happening = happeningOf(event);
      if (!happening || !topics.includes(happening.topic)) continue;
      const {told, tell} = hear(this.#file.told, happening, event, {nowMs: this.#nowMs, repeatMs});
      if (told === this.#file.told) continue;
      this.#file.told = told;
      this.#tell(tell, orders);
    }
  }

  /** Begins a test, or tells how the one of that id stands. */
  test(id: string): AlertTest {
    const orders = this.#obey();
    const webhooks = this.#outboxes.map(({webhook}) => webhook);
    const {host = '', language = 'en'} = orders ?? {};
    return this.#tester.run(id, webhooks, {
      texts: alertTextsFor(language),
      sender: {deployment: this.#options.deployment, host},
      onDelivered: ({name}) => this.#file.worked(name),
    });
  }

  /** Null where nobody is to be told. */
  status(): AlertsStatus | null {
    const orders = this.#obey();
    if (!orders) return null;
    const {host, topics, repeatMs, language} = orders;
    return {
      ...{host, repeatMs, language, topics: [...topics]},
      webhooks: this.#outboxes.map(({webhook: {name, kind}, waiting}) => {
        const trouble = this.#file.troubles[name];
        return {name, kind, waiting: waiting.length, ...(trouble && {trouble})};
      }),
      standing: standing(this.#file.told),
    };
  }

  /** Ends what is under way; it is sent by the next watch. */
  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...this.#outboxes.map((outbox) => outbox.close())]);
    await this.#file.close();
  }

  get #nowMs(): number {
    return this.#options.clock.now().getTime();
  }

  /** The orders as they are now, with an outbox for each webhook of them. */
  #obey(): AlertOrders | undefined {
    const orders = this.#orders.read();
    if (orders === this.#obeyed) return orders;
    this.#obeyed = orders;
    const wanted = (orders?.webhooks ?? []).map(webhookOf);
    const before = this.#outboxes;
    this.#outboxes = wanted.map((webhook) => {
      const namesake = before.find((outbox) => outbox.webhook.name === webhook.name);
      if (namesake && isSame(namesake.webhook, webhook)) return namesake;
      // One whose address was wrong gets what waited for it.
      return this.#open(webhook, namesake?.waiting ?? this.#file.left(webhook.name));
    });
    this.#file.settle(wanted.map(({name}) => name));
    const gone = before.filter((outbox) => !this.#outboxes.includes(outbox));
    this.#closing.push(...gone.map((outbox) => outbox.close()));
    this.#options.onOutward(wanted.length > 0);
    return orders;
  }

  #open(webhook: Webhook, waiting: readonly Alert[]): Outbox {
    const {clock} = this.#options;
    const outbox = new Outbox({webhook, clock, onOutcome: (outcome) => this.#learn(webhook, outcome)});
    for (const alert of waiting) outbox.put(alert);
    return outbox;
  }

  #tell(tell: readonly Telling[], {language, host}: AlertOrders): void {
    const {deployment} = this.#options;
    const alerts = tell.map((telling) => alertOf(alertTextsFor(language), {deployment, host}, telling));
    for (const alert of alerts) for (const outbox of this.#outboxes) outbox.put(alert);
    this.#file.save();
  }

  /** A receiver that does not answer is told of once, until it answers again. */
  #learn({name}: Webhook, outcome: Outcome): void {
    const {alert, delivered, tries, reason, dropped} = outcome;
    const before = this.#file.troubles[name];
    if (delivered) {
      this.#file.worked(name);
      const lost = (before?.lost ?? 0) + dropped;
      this.#note('alert-sent', `${name} was told: ${alert.title}`, {
        ...about(name, alert, tries),
        ...(lost > 0 && {lostBefore: lost}),
      });
      return;
    }
    this.#file.failed(name, {
      lost: (before?.lost ?? 0) + 1 + dropped,
      reason,
      sinceMs: before?.sinceMs ?? this.#nowMs,
    });
    if (before) return;
    this.#note(
      'alert-failed',
      `${name} could not be told: ${reason}. It is tried again with the next alert.`,
      {
        ...about(name, alert, tries),
        reason,
      },
    );
  }

  #note(kind: 'alert-sent' | 'alert-failed', text: string, numbers: WatchEvent['numbers']): void {
    this.#options.note({atMs: this.#nowMs, kind, text, numbers});
  }
}

const about = (webhook: string, {id, state}: Alert, tries: number): WatchEvent['numbers'] => ({
  ...{webhook, alert: id, state, tries},
});

const webhookOf = ({kind, name, url, secret}: AlertOrders['webhooks'][number]): Webhook => ({
  ...{kind, name, url: new Secret(url)},
  secret: secret === undefined ? undefined : new Secret(secret),
});

const isSame = (one: Webhook, other: Webhook): boolean =>
  one.kind === other.kind &&
  one.url.reveal() === other.url.reveal() &&
  one.secret?.reveal() === other.secret?.reveal();
