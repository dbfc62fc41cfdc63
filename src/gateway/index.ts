/** The door of gateway/: OpenAI's API in front of whatever engine serves. */
export {gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput} from './config.ts';
