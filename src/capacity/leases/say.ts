import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {DeviceFacts} from '../../card/index.ts';
import type {Admission, Sum} from './admission.ts';

/** What bytes are promised of, for people. */
export const deviceName = ({lease: t}: Texts, {kind, name}: Pick<DeviceFacts, 'kind' | 'name'>): string =>
  kind === 'gpu' ? name : t.ram;

/** Of both sums the one with less room: the reason why no more can be promised. */
export const bindingSum = ({promised, measured}: Pick<Admission, 'promised' | 'measured'>): Sum =>
  promised.roomBytes <= measured.roomBytes ? promised : measured;

/** A sum, one term a line and the result last, the sizes under one another. */
export function sumLines({lease: t}: Texts, {terms, roomBytes}: Sum): string[] {
  const shown = terms.filter(({name, bytes}) => bytes !== 0 || name === 'total' || name === 'free');
  const rows = [
    ...shown.map(({name, of = '', bytes}) => [
      bytes < 0 ? '-' : '+',
      formatBytes(Math.abs(bytes)),
      t.term[name]({of}),
    ]),
    ['=', formatBytes(roomBytes), t.room],
  ];
  const width = Math.max(...rows.map(([, size = '']) => size.length));
  return rows.map(
    ([sign, size = '', name = ''], index) => `${index === 0 ? ' ' : sign} ${size.padStart(width)}  ${name}`,
  );
}
