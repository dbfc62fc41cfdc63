import type {z} from 'zod';
import {nearest} from '../../base/nearest.ts';
import type {Say, Texts} from '../../base/texts/index.ts';
import {settingsSchema} from './settings.ts';

/** One thing wrong with what was written. */
export interface Mistake {
  path: readonly string[];
  /** True when the key itself is the mistake, not its value. */
  atKey?: boolean;
  say: Say;
}

type Name = (path: readonly PropertyKey[]) => string;
const dotted: Name = (path) => path.map(String).join('.');

/** Tells zod's finding in our words: the key, what is there, what is allowed, and what was perhaps meant. */
export function explainIssue(issue: z.core.$ZodIssue, value: unknown, nameOf: Name = dotted): Mistake[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const full = [...path, key];
      const [meant] = nearest(key, keysAt(path));
      return {
        path: full,
        atKey: true,
        say: (t) =>
          t.config.unknownKey({key: nameOf(full), meant: meant ?? '', known: keysAt(path).join(', ')}),
      };
    });
  }
  if (path.length === 0) return [{path, say: (t) => t.config.notAMapping}];
  const given = mayHoldSecret(path) ? '[redacted]' : show(valueAt(value, path));
  return [{path, say: (t) => t.config.notAllowed({key: nameOf(path), given, allowed: allowedBy(issue)(t)})}];
}

/** The address of a webhook, what it is signed with, and whatever was put in the place of a map that holds them. */
const mayHoldSecret = (path: readonly string[]): boolean =>
  /^alerts(?:\.webhooks(?:\.\d+(?:\.(?:url|secret))?)?)?$/.test(path.join('.'));

/** What may stand there instead. */
function allowedBy(issue: z.core.$ZodIssue): Say {
  switch (issue.code) {
    case 'invalid_value': {
      const allowed = issue.values.map(String).join(', ');
      return () => allowed;
    }
    case 'invalid_type':
      return (t) => allowedType(issue.expected, t);
    case 'too_small':
      if (issue.origin === 'string') return (t) => t.config.notEmpty;
      return (t) => t.config.atLeast({least: Number(issue.minimum) + (issue.inclusive ? 0 : 1)});
    case 'too_big':
      return (t) => t.config.atMost({most: Number(issue.maximum)});
    case 'invalid_format':
      return (t) => t.config.nameFormat;
    case 'custom': {
      const form = formOf(issue.params?.form);
      if (form) return (t) => t.config.forms[form];
      const example = String(issue.params?.example);
      return (t) => t.config.quantity({example});
    }
    case 'invalid_union':
      return (t) => t.config.quantity({example: '12GiB'});
    case 'invalid_key':
      return (t) => t.config.forms.modelName;
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_element':
      return () => issue.message;
  }
}

type Form = keyof Texts['config']['forms'];

/** The form that a refinement demands, if it names one that there is a text for. */
function formOf(given: unknown): Form | undefined {
  const forms: readonly Form[] = [
    ...(['ggufFile', 'modelName', 'modelSource', 'repository', 'sha256'] as const),
    ...(['webhookAddress', 'webhookName', 'webhookSecret', 'webhookUnsigned'] as const),
  ];
  return forms.find((form) => form === given);
}

function allowedType(expected: string, t: Parameters<Say>[0]): string {
  switch (expected) {
    case 'int':
    case 'number':
      return t.config.wholeNumber;
    case 'array':
      return t.config.list;
    case 'object':
      return t.config.keysBelow;
    default:
      return t.config.textValue;
  }
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
    value,
  );
}

/** The keys that the schema knows below a path. */
export function keysAt(path: readonly string[]): string[] {
  let schema: z.core.$ZodType | undefined = settingsSchema;
  for (const key of path) schema = shapeOf(schema)?.[key] ?? entryOf(schema);
  return Object.keys(shapeOf(schema) ?? {});
}

function shapeOf(schema: z.core.$ZodType | undefined): z.core.$ZodShape | undefined {
  if (!schema) return undefined;
  const {def} = schema._zod as {def: {shape?: z.core.$ZodShape; innerType?: z.core.$ZodType}};
  return def.shape ?? shapeOf(def.innerType);
}

/** What every entry of a list, or of a map with free names, is. */
function entryOf(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (!schema) return undefined;
  const {def} = schema._zod as {
    def: {valueType?: z.core.$ZodType; element?: z.core.$ZodType; innerType?: z.core.$ZodType};
  };
  return def.valueType ?? def.element ?? entryOf(def.innerType);
}

/** Every key of the settings, dotted: `gateway.limits.queue`. What the annotated example must show. */
export function allKeys(path: readonly string[] = []): string[] {
  return keysAt(path).flatMap((key) => {
    const below = allKeys([...path, key]);
    return below.length > 0 ? below : [[...path, key].join('.')];
  });
}
