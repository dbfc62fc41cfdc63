import {isAlive} from '../../local/processes.ts';
import {Control} from '../supervisor/client/control.ts';
import type {SupervisorRecord} from './record.ts';

/** A supervisor that is a process of this machine, reached on loopback. */
export class ProcessControl extends Control {
  readonly record: SupervisorRecord;

  constructor(record: SupervisorRecord) {
    const {port, token} = record;
    super({
      options: {host: '127.0.0.1', port, agent: false, headers: {authorization: `Bearer ${token}`}},
      isAlive: () => Promise.resolve(isAlive(record)),
    });
    this.record = record;
  }
}
