import {describe, expect, it} from 'vitest';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import {mayServe, notInService, servesUnfinished} from '../../../src/deploy/start/failed.ts';

const lost = new BerthError({
  code: 'ssh_connection_lost',
  what: () => 'The connection to gpu1 was lost.',
  why: () => 'nothing heard for 13 s',
  try: ['berth host check gpu1'],
  exit: ExitCode.unreachable,
});
const release = {number: 2, settings: {}};
const crashed = new BerthError({code: 'engine_ended', what: () => 'It ended.', exit: ExitCode.unhealthy});

describe('the error of a deploy that failed', () => {
  it('exits as unreachable when the host was lost, and keeps why and what to type', () => {
    expect(notInService(release, 1, lost)).toMatchObject({
      code: 'deploy_failed',
      exit: 3,
      message:
        'Release 2 was not put into service; release 1 goes on serving. The connection to gpu1 was lost.',
      why: lost.why,
      try: ['berth host check gpu1'],
      details: {release: 2, serving: 1, cause: 'ssh_connection_lost'},
    });
  });

  it('exits as failed whatever else it was, and always says what to type', () => {
    expect(notInService(release, undefined, crashed)).toMatchObject({
      code: 'deploy_failed',
      exit: 1,
      message: 'Release 2 was not put into service. It ended.',
      try: ['berth logs', 'berth doctor'],
    });
  });

  it('claims neither release when the host was lost while it switched', () => {
    expect(mayServe(2, 1, lost)).toMatchObject({
      code: 'deploy_uncertain',
      exit: 3,
      message:
        'Whether release 2 or release 1 serves is not known: the host was just switching. The connection to gpu1 was lost.',
      try: ['berth host check gpu1', 'berth status'],
    });
    expect(mayServe(1, undefined, lost)).toMatchObject({
      message:
        'Whether release 1 serves is not known: it was just put into service. The connection to gpu1 was lost.',
    });
  });

  it('names the new release when it serves already', () => {
    expect(servesUnfinished(2, lost)).toMatchObject({
      code: 'deploy_unfinished',
      exit: 3,
      details: {serving: 2},
    });
  });

  it('leaves a bug what it is', () => {
    const bug = new Error('bug');
    expect([notInService(release, 1, bug), mayServe(2, 1, bug), servesUnfinished(2, bug)]).toEqual([
      bug,
      bug,
      bug,
    ]);
  });
});
