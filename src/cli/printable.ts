import {stripVTControlCharacters} from 'node:util';

// eslint-disable-next-line no-control-regex -- these are what must go
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text from a model or a log without anything that could move the cursor or rename the window. */
export const printable = (text: string): string => stripVTControlCharacters(text).replace(CONTROL, '');

/** The same as one line. */
export const printableLine = (text: string): string => printable(text).replaceAll(/\s+/g, ' ');
