/** The door of gateway/: the deployment's one entrance, its settings and its keys. */
export {gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput} from './config.ts';
export {createKey} from './keys/key.ts';
export {addKey, hasKey, keyFilePath} from './keys/key-file.ts';
export {gatewaySpec} from './launch.ts';
export {isLoopback} from './keys/door-check.ts';
