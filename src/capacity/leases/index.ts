/** A second door of capacity/, for the watch: it has to stay small, and capacity/index.ts brings much more with it. */
export {openLeaseBook, type LeaseBook} from './book.ts';
export {judgeLeases, type BreachFound, type Broken} from './breach.ts';
export type {Holding} from './holding.ts';
export type {Lease} from './lease.ts';
