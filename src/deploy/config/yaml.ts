import {isMap, isScalar, LineCounter, parseDocument, stringify, type Document, type Node} from 'yaml';
import type {Mistake} from './issues.ts';

/** 1-based, as editors count. */
interface Place {
  line: number;
  column: number;
}

type ReadYaml =
  | {state: 'broken'; mistakes: readonly (Mistake & Place)[]}
  | {state: 'read'; value: unknown; placeOf(mistake: Mistake): Place};

/** YAML with the place of every key. An empty file is an empty object. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false});
  const place = (offset: number): Place => {
    const {line, col} = lines.linePos(offset);
    return {line: Math.max(1, line), column: Math.max(1, col)};
  };
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => ({
      path: [],
      say: syntaxMistake(error.message),
      ...place(error.pos[0]),
    }));
    return {state: 'broken', mistakes};
  }
  try {
    const value: unknown = document.toJS() ?? {};
    return {state: 'read', value, placeOf: (mistake) => place(offsetOf(document, mistake))};
  } catch (error) {
    // A reference to nothing, or so many references that they were made to fill the memory.
    const message = error instanceof Error ? error.message : String(error);
    return {state: 'broken', mistakes: [{path: [], say: syntaxMistake(message), line: 1, column: 1}]};
  }
}

export const writeYaml = (value: unknown): string => stringify(value);

const syntaxMistake =
  (message: string): Mistake['say'] =>
  (t) =>
    t.config.syntax({message: message.split('\n')[0] ?? message});

/** Where the key stands when the key is the mistake, else where its value does. */
function offsetOf(document: Document, {path, atKey}: Mistake): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find(({key}) => isScalar(key) && key.value === path[length - 1]);
    if (!pair) continue;
    const target = (atKey ? pair.key : (pair.value ?? pair.key)) as Node;
    return target.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}
