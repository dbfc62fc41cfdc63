import type {Answers} from '../../monitor/index.ts';

/** A step of the past, as a watch tells it. */
export type Row = Answers['history']['rows'][number];
/** Something that happened, as a watch tells it. */
export type Happened = Answers['events'][number];
export type TenantKind = NonNullable<Answers['now']['sample']>['tenants'][number]['kind'];
