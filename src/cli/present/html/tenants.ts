import type {Texts} from '../../../base/texts/index.ts';
import type {Past, PastTenant} from '../../../capacity/index.ts';
import {cutToWidth} from '../../width.ts';
import {tenantName} from '../names.ts';
import type {Layer} from './charts.ts';

/** Neighbours with a colour of their own; the others share one. */
const COLOURED = 5;
const NAME_WIDTH = 24;

export const shortName = (t: Texts, tenant: Pick<PastTenant, 'key' | 'kind' | 'name'>): string =>
  cutToWidth(tenantName(t, tenant), NAME_WIDTH);

export interface ColouredTenant {
  tenant: PastTenant;
  /** Class of its colour. */
  colour: string;
}

/** The colour of each tenant: the same in every chart of a page. Pure. */
export function coloured(tenants: readonly PastTenant[]): ColouredTenant[] {
  let next = 0;
  return tenants.map((tenant) => {
    const {kind} = tenant;
    if (kind === 'model' || kind === 'berth' || kind === 'rest') return {tenant, colour: kind};
    if (kind === 'unattributed') return {tenant, colour: 'none'};
    next++;
    return {tenant, colour: next <= COLOURED ? `t${next}` : 'rest'};
  });
}

/** A layer for each colour, the model at the bottom; the tenants that share one are added up. Pure. */
export function layersOf(
  t: Texts,
  tenants: readonly ColouredTenant[],
  series: Past['series'],
): (Layer & {most: number})[] {
  return [...Map.groupBy(tenants, ({colour}) => colour)].map(([colour, members]) => {
    const [first] = members;
    const values = series.map(({tenants: held}) =>
      members.reduce((sum, {tenant}) => sum + (held[tenant.key] ?? 0), 0),
    );
    const name = members.length === 1 && first ? tenantName(t, first.tenant) : t.past.tenantKinds.rest;
    return {name, colour, values, most: Math.max(0, ...values)};
  });
}

/**
 * Layers that end at `used`: the most of each tenant in a step need not have fallen into the same moment, so that
 * together they can be more than ever was in use. What is too much is taken from the last layers, which nobody is
 * named for. Pure.
 */
export function fitLayers<L extends Layer>(layers: readonly L[], used: readonly number[]): L[] {
  const fitted = layers.map((layer) => ({...layer, values: [...layer.values]}));
  for (const [at, most] of used.entries()) {
    let over = fitted.reduce((sum, {values}) => sum + (values[at] ?? 0), 0) - most;
    for (const {values} of fitted.toReversed()) {
      const taken = Math.min(Math.max(0, over), values[at] ?? 0);
      values[at] = (values[at] ?? 0) - taken;
      over -= taken;
    }
  }
  return fitted;
}
