// Who asks.

/** Who calls an operation. A transport establishes who the caller is and says so; nothing here checks it. */
export interface Principal {
  /** Its name, recorded with everything that the call changes. */
  readonly actor?: string | undefined
  readonly roles?: readonly string[] | undefined
  /** Facts about the caller that grants compare with, such as the accounts that are its own. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Set only by a transport that asks nobody who they are, because only this machine can reach it. It may do everything. */
  readonly isLocal?: boolean | undefined
}
