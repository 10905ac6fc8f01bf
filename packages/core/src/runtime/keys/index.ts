// API keys of programs.
export {
  type ApiKey,
  type ApiKeyStatus,
  ApiKeys,
  type IssuedKey,
  type KeyToIssue,
  type KeyVerdict,
} from './api-keys.ts'
export { checkedKeyPrincipal, type KeyPrincipal, keyIssued, keyRevoked, shownKeyData } from './key-events.ts'
export { keyPrefix } from './key-secret.ts'
