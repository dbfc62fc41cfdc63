/** Why a lease is not granted, for people. */
import {BerthError, ExitCode} from '../../base/errors.ts';
import {formatBytes, typedBytes, type Bytes} from '../../base/units.ts';
import type {DeviceFacts} from '../../card/index.ts';
import type {Admission} from './admission.ts';
import type {SlowedModel} from './parts.ts';
import {bindingSum, deviceName, sumLines} from './say.ts';

/** The flag that asks for bytes of this kind of device. */
const sizeFlag = ({kind}: Pick<DeviceFacts, 'kind'>): string => (kind === 'gpu' ? '--vram' : '--ram');

export function doesNotFit(
  command: (size: string) => string,
  facts: Pick<DeviceFacts, 'kind' | 'name'>,
  admission: Admission,
): BerthError {
  const {askedBytes, largestBytes, promised, measured} = admission;
  const asked = formatBytes(askedBytes);
  return new BerthError({
    code: 'lease_does_not_fit',
    what: (t) =>
      largestBytes === 0
        ? t.lease.nothingFits({asked, device: deviceName(t, facts)})
        : t.lease.doesNotFit({asked, device: deviceName(t, facts), largest: formatBytes(largestBytes)}),
    why: (t) => sumLines(t, bindingSum(admission)).join('\n'),
    try: [
      ...(largestBytes === 0 ? [] : [command(`${sizeFlag(facts)} ${typedBytes(largestBytes)}`)]),
      'berth lease ls',
      'berth capacity',
    ],
    exit: ExitCode.doesNotFit,
    details: {askedBytes, largestBytes, promised, measured},
  });
}

export const belowUse = (
  command: (size: string) => string,
  facts: Pick<DeviceFacts, 'kind'>,
  askedBytes: Bytes,
  usedBytes: Bytes,
  leastBytes: Bytes,
): BerthError =>
  new BerthError({
    code: 'lease_below_use',
    what: (t) => t.lease.belowUse({asked: formatBytes(askedBytes), used: formatBytes(usedBytes)}),
    try: [command(`${sizeFlag(facts)} ${typedBytes(leastBytes)}`)],
    exit: ExitCode.doesNotFit,
    details: {askedBytes, usedBytes},
  });

export const modelSlowed = (
  command: (size: string) => string,
  facts: Pick<DeviceFacts, 'kind'>,
  askedBytes: Bytes | undefined,
  model: SlowedModel,
): BerthError =>
  new BerthError({
    code: 'lease_model_slowed',
    what: (t) => t.lease.modelSlowed({deployment: model.deployment, ratio: model.ratio?.toFixed(1)}),
    try: [
      `berth guard status --name ${model.deployment}`,
      ...(askedBytes === undefined ? [] : [command(`${sizeFlag(facts)} ${typedBytes(askedBytes)} --anyway`)]),
    ],
    details: {...model},
  });

export const leaseExists = (name: string): BerthError =>
  new BerthError({
    code: 'lease_exists',
    what: (t) => t.lease.exists({name}),
    try: [`berth lease show ${name}`, `berth lease rm ${name}`],
    exit: ExitCode.usage,
    details: {name},
  });

export const noContainer = (container: string): BerthError =>
  new BerthError({
    code: 'lease_no_container',
    what: (t) => t.lease.noContainer({container}),
    try: ['docker ps --all', 'berth capacity'],
    exit: ExitCode.usage,
    details: {container},
  });

export const noProcess = (pid: number): BerthError =>
  new BerthError({
    code: 'lease_no_process',
    what: (t) => t.lease.noProcess({pid}),
    try: ['berth capacity'],
    exit: ExitCode.usage,
    details: {pid},
  });

/** `of`: a deployment or a lease. */
export const taken = (tenant: string, of: string): BerthError =>
  new BerthError({
    code: 'lease_taken',
    what: (t) => t.lease.taken({tenant, of}),
    try: ['berth capacity', 'berth lease ls'],
    exit: ExitCode.usage,
    details: {tenant, of},
  });

export const commandElsewhere = (host: string, argv: readonly string[]): BerthError =>
  new BerthError({
    code: 'lease_command_elsewhere',
    what: (t) => t.lease.commandElsewhere({host}),
    try: [`berth lease add NAME --host ${host} --ram 2GiB -- docker run IMAGE ${argv.join(' ')}`],
    exit: ExitCode.usage,
    details: {host},
  });
