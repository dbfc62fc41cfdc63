/** The door of capacity/: what the device holds, who holds it, and what still fits. */
export type {Admission, DeploymentClaims, Sum} from './leases/admission.ts';
export {promisedYet, type Holding} from './leases/holding.ts';
export type {Lease, LeaseSubject, Tier} from './leases/lease.ts';
export {bindingSum, sumLines} from './leases/say.ts';
export {standingLeases} from './leases/standing.ts';
export {heldTogether, ownProcesses, programsAllowance} from './own-processes.ts';
export {readCapacity} from './read.ts';
export {capacityReport, type Candidate, type CapacityInput} from './report.ts';
export {capacitySchema, tenantSchema, type CapacityReport, type Tenant} from './schema.ts';
export {roughNeed} from './rough-need.ts';
export type {DeploymentView} from './view.ts';
