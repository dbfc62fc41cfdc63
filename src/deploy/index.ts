/** The door of deploy/: releases put into service, taken back, described. */
export {claimsOn} from './claims.ts';
export {slowedOn} from './slowed.ts';
export {deploy, type DeployOptions} from './deploy.ts';
export {describe, describeDeployed, statusSchema, type Description, type Status} from './describe.ts';
export {imagesOfReleases} from './images-of-releases.ts';
export {firstRun} from './first-run.ts';
export {start, stop, stopOutcomeSchema, type StopOutcome} from './lifecycle.ts';
export {deployOutcomeSchema, type DeployOutcome} from './outcome.ts';
export {runtimeFor, visit, type DeployParts} from './parts.ts';
export {planModel, type PlanRequest} from './planning/plan-model.ts';
export {planReportSchema, type PlanReport} from './planning/schema.ts';
export {type Release} from './release.ts';
export {listReleases, releaseListSchema, type ReleaseList} from './releases.ts';
export {rollback} from './rollback.ts';
export {loadSettings} from './config/load.ts';
export {type Settings, type SettingsInput} from './config/settings.ts';
export {viewOf} from './view.ts';
export {deviceFor, deviceOfDeployed} from './which-device.ts';
