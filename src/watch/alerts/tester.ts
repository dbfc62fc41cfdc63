import type {Clock} from '../../base/clock.ts';
import type {Texts} from '../../base/texts/index.ts';
import {ms} from '../../base/units.ts';
import {
  deliver,
  testAlert,
  USUAL_PATIENCE,
  type AlertTest,
  type Sender,
  type Webhook,
} from '../../monitor/index.ts';

/** It is tried twice: a watch in a container that was just given webhooks is still being let out. */
const PAUSE = ms(1500);

interface Run {
  id: string;
  host: string;
  webhooks: AlertTest['webhooks'];
}

export interface TestOptions {
  texts: Texts['alerts'];
  sender: Sender;
  onDelivered: (webhook: Webhook) => void;
}

/** Sends test alerts through each webhook and past those that wait. It remembers the last test. */
export class AlertTester {
  readonly #clock: Clock;
  #last: Run | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins it, unless it was begun before, and tells how it stands. */
  run(id: string, webhooks: readonly Webhook[], options: TestOptions): AlertTest {
    const run = this.#last?.id === id ? this.#last : this.#begin(id, webhooks, options);
    return {
      host: run.host,
      done: run.webhooks.every(({outcome}) => outcome !== 'under-way'),
      webhooks: run.webhooks,
    };
  }

  #begin(id: string, webhooks: readonly Webhook[], options: TestOptions): Run {
    const {host} = options.sender;
    const run: Run = {
      ...{id, host},
      webhooks: webhooks.map(({name, kind}) => ({name, kind, outcome: 'under-way', tookMs: 0})),
    };
    this.#last = run;
    for (const [index, webhook] of webhooks.entries()) void this.#send(run, index, webhook, options);
    return run;
  }

  async #send(run: Run, index: number, webhook: Webhook, options: TestOptions): Promise<void> {
    const {texts, sender, onDelivered} = options;
    const clock = this.#clock;
    const started = clock.elapsed();
    const {signal} = new AbortController();
    const patience = {...USUAL_PATIENCE, pauses: [PAUSE]};
    const alert = testAlert(texts, sender, clock.now().getTime());
    const {delivered, reason} = await deliver(alert, webhook, {clock, signal, patience});
    run.webhooks[index] = {
      ...{name: webhook.name, kind: webhook.kind},
      ...(delivered ? {outcome: 'delivered'} : {outcome: 'failed', reason}),
      tookMs: Math.round(clock.elapsed() - started),
    };
    if (delivered) onDelivered(webhook);
  }
}
