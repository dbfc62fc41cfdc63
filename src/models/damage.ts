/** What is wrong with weights on the disk, as people are told. */
import {BerthError, ExitCode} from '../base/errors.ts';
import type {Say} from '../base/texts/index.ts';

/** The file cannot be what it claims to be. */
export class Damage extends Error {
  readonly why: Say;

  constructor(why: Say) {
    super('damaged header');
    this.why = why;
  }
}

/** The header says something that cannot be. */
export const implausible = (field: string, value: string): Damage =>
  new Damage((t) => t.models.damageImplausible({field: shorten(field), value: shorten(value)}));

/** A hostile header may say anything, at any length. */
const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

export const weightsDamaged = (path: string, why: Say): BerthError =>
  new BerthError({
    code: 'weights_damaged',
    what: (t) => t.models.weightsDamaged({path}),
    why,
    try: ['berth models verify', `rm ${path}`],
    details: {path},
  });

export const weightsUnreadable = (path: string, cause: unknown): BerthError =>
  new BerthError({
    code: 'weights_unreadable',
    what: (t) => t.models.weightsUnreadable({path}),
    try: [`ls -l ${path}`],
    details: {path},
    cause,
  });

export const weightsMissing = (path: string): BerthError =>
  new BerthError({
    code: 'weights_missing',
    what: (t) => t.models.weightsMissing({path}),
    try: ['berth models'],
    exit: ExitCode.usage,
    details: {path},
  });
