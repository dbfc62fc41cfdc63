import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {DeviceFacts} from '../../card/index.ts';
import type {Admission, Sum, Term} from './admission.ts';

/** What bytes are promised of, for people. */
export const deviceName = ({lease: t}: Texts, {kind, name}: Pick<DeviceFacts, 'kind' | 'name'>): string =>
  kind === 'gpu' ? name : t.ram;

/** Of both sums the one with less room: the reason why no more can be promised. */
export const bindingSum = ({promised, measured}: Pick<Admission, 'promised' | 'measured'>): Sum =>
  promised.roomBytes <= measured.roomBytes ? promised : measured;

/** What somebody was promised is taken from all there is; from what is free, only what they do not use yet. */
const PROMISED: ReadonlySet<Term['name']> = new Set(['model', 'programs', 'lease']);

/** A sum, one term a line and the result last, the sizes under one another. */
export function sumLines({lease: t}: Texts, {terms, roomBytes}: Sum): string[] {
  const ofFree = terms.some(({name}) => name === 'free');
  const said = ({name, of = ''}: Term): string =>
    ofFree && PROMISED.has(name) ? t.notUsedYet({what: t.term[name]({of})}) : t.term[name]({of});
  const shown = terms.filter(({name, bytes}) => bytes !== 0 || name === 'total' || name === 'free');
  const rows = [
    ...shown.map((term) => [term.bytes < 0 ? '-' : '+', formatBytes(Math.abs(term.bytes)), said(term)]),
    ['=', formatBytes(roomBytes), t.room],
  ];
  const width = Math.max(...rows.map(([, size = '']) => size.length));
  return rows.map(
    ([sign, size = '', name = ''], index) => `${index === 0 ? ' ' : sign} ${size.padStart(width)}  ${name}`,
  );
}
