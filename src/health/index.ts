/** The door of health/: what a candidate must pass, what a deployment must keep passing, what a machine needs. */
export {gate, type GateInput, type GateProbe, type GateReport} from './gate.ts';
export {checkHealth, type CheckInput} from './check.ts';
export {healthJson, healthSchema, type HealthJson, type HealthProbe, type HealthReport} from './report.ts';
export {diagnose, type DoctorInput} from './doctor/diagnose.ts';
export {doctorJson, doctorSchema, type Diagnosis, type DoctorJson} from './doctor/diagnosis.ts';
export {diagnoseHost, type HostDoctorInput} from './doctor/host/diagnose.ts';
