import {alerts} from './alerts.ts';
import {base} from './base.ts';
import {capacity} from './capacity.ts';
import {card} from './card.ts';
import {cli} from './cli.ts';
import {config} from './config.ts';
import {deploy} from './deploy.ts';
import {engine} from './engine.ts';
import {gateway} from './gateway.ts';
import {guard} from './guard.ts';
import {health} from './health.ts';
import {hosts} from './hosts.ts';
import {images} from './images.ts';
import {lease} from './lease.ts';
import {models} from './models.ts';
import {monitor} from './monitor.ts';
import {objectives} from './objectives.ts';
import {past} from './past.ts';
import {plan} from './plan.ts';
import {ssh} from './ssh.ts';

export const en = {
  alerts,
  base,
  capacity,
  card,
  cli,
  config,
  deploy,
  engine,
  gateway,
  guard,
  health,
  hosts,
  images,
  lease,
  models,
  monitor,
  objectives,
  past,
  plan,
  ssh,
};
