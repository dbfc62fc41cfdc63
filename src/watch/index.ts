/** The door of watch/: the program that measures a device for a deployment. */
export {alertsFile, type AlertOrders} from './alerts/orders.ts';
export {watchSpec} from './launch.ts';
export {policyFile, type WatchPolicy} from './policies.ts';
