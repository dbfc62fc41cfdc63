/** The door of deploy/: releases put into service, taken back, described. */
export {deploy, type DeployOptions} from './deploy.ts';
export {describe, describeDeployed, statusSchema, type Description, type Status} from './describe.ts';
export {firstRun} from './first-run.ts';
export {History, type PastRelease} from './history.ts';
export {start, stop, type StopOutcome} from './lifecycle.ts';
export {deployOutcomeSchema, type DeployOutcome} from './outcome.ts';
export {type DeployParts} from './parts.ts';
export {outcomeSchema, releaseSchema, type Outcome, type Release} from './release.ts';
export {rollback} from './rollback.ts';
export {settingsSchema, type Settings, type SettingsInput} from './config/settings.ts';
