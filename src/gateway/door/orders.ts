import type {GatewayOrder, GatewayReply} from '../../hosts/index.ts';
import type {Meter} from '../metrics/meter.ts';
import type {Line} from '../traffic/line.ts';

/** Carries out one order of the runtime. */
export async function obey(order: GatewayOrder, line: Line, meter: Meter): Promise<GatewayReply> {
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
    default:
      return {reply: 'refused', message: `unknown order: ${JSON.stringify(order satisfies never)}`};
  }
}
