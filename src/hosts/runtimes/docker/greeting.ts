import type {Failure} from '../supervisor/wire.ts';

/** The line that a watch container prints once it can be spoken to, or cannot start. */
export type WatchGreeting = {greeting: 'ready'} | {greeting: 'failed'; failure: Failure};
