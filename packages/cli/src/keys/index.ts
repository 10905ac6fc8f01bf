// API keys, wherever they are asked for.
export { type KeysClient, openKeys } from './keys-client.ts'
