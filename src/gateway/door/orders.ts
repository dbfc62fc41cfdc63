import type {GatewayOrder, GatewayReply} from '../../hosts/index.ts';
import type {Meter} from '../metrics/meter.ts';
import type {Line} from '../traffic/line.ts';
import type {Prober} from './probe.ts';

/** What orders are about. */
export interface Ordered {
  line: Line;
  meter: Meter;
  prober: Prober;
}

/** Carries out one order of the runtime. */
export async function obey(order: GatewayOrder, {line, meter, prober}: Ordered): Promise<GatewayReply> {
  switch (order.order) {
    case 'route':
      line.setRoute(order.upstream);
      return {reply: 'done'};
    case 'hold':
      line.hold(order.limitMs);
      return {reply: 'done'};
    case 'drain': {
      const started = performance.now();
      const remaining = await line.drain(order.release, order.deadlineMs);
      return {reply: 'drained', remaining, waitedMs: performance.now() - started};
    }
    case 'stats':
      return {reply: 'stats', stats: meter.stats};
    case 'window':
      return {reply: 'window', window: meter.window()};
    case 'metrics':
      meter.watched(order.text);
      return {reply: 'done'};
    case 'probe': {
      const probed = await prober.run(order.deadlineMs);
      meter.countProbe(probed.outcome);
      return {reply: 'probed', probed};
    }
    default:
      return {reply: 'refused', message: `unknown order: ${JSON.stringify(order satisfies never)}`};
  }
}
