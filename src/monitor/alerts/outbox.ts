import type {Clock} from '../../base/clock.ts';
import {ms, type Duration} from '../../base/units.ts';
import type {Alert, Webhook, WebhookKind} from './alert.ts';
import {deliver, type Delivery, type Patience} from './deliver.ts';

/** So many alerts wait for a webhook; of more, the oldest are dropped. */
const MOST_WAITING = 50;
/** Groups take 20 messages a minute (DingTalk blocks for ten minutes after more); a program takes what comes. */
const PACES: Record<WebhookKind, Duration> = {
  dingtalk: ms(3500),
  wecom: ms(3500),
  feishu: ms(1000),
  slack: ms(1000),
  json: ms(0),
};

/** What came of one alert. */
export interface Outcome extends Delivery {
  alert: Alert;
  /** Alerts that were dropped since the last outcome, because too many waited. */
  dropped: number;
}

export interface OutboxOptions {
  webhook: Webhook;
  clock: Clock;
  /** Hears each outcome, in order. */
  onOutcome: (outcome: Outcome) => void;
  patience?: Patience;
}

/** Sends alerts to one webhook, one after the other. Putting one in costs nothing: nobody waits for it. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #over = new AbortController();
  #waiting: Alert[] = [];
  #dropped = 0;
  #working: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get webhook(): Webhook {
    return this.#options.webhook;
  }

  /** Not yet delivered or given up, the oldest first. */
  get waiting(): readonly Alert[] {
    return this.#waiting;
  }

  put(alert: Alert): void {
    if (this.#over.signal.aborted) return;
    this.#waiting.push(alert);
    if (this.#waiting.length > MOST_WAITING) {
      // The first is under way.
      this.#waiting.splice(1, 1);
      this.#dropped++;
    }
    this.#working ??= this.#work();
  }

  /** Gives up what is under way; what waits stays in `waiting`. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    const {webhook, clock, onOutcome, patience} = this.#options;
    const {signal} = this.#over;
    for (let alert = this.#waiting[0]; alert; alert = this.#waiting[0]) {
      const delivery = await deliver(alert, webhook, {clock, signal, ...(patience && {patience})});
      if (!delivery.delivered && signal.aborted) break;
      this.#waiting.shift();
      const dropped = this.#dropped;
      this.#dropped = 0;
      onOutcome({...delivery, alert, dropped});
      await clock.sleep(PACES[webhook.kind], signal).catch(() => undefined);
      if (signal.aborted) break;
    }
    this.#working = undefined;
  }
}
