// The port for the files of the Merkle tree: tiles and checkpoint by their paths in C2SP tlog-tiles, and apart from them the private keys.

export interface ProofFiles {
  /** Nothing where there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /**
   * The file has all of the bytes or those that it had, also after a crash of the process. It can be made again from the log, so it need not be durable. With
   * `isTile` its bytes are always the same and nobody reads it before a checkpoint names it, so that it may have the beginning of them meanwhile. With the
   * `token` of a lease, nothing is written where a file of a higher token is.
   */
  write(
    path: string,
    bytes: Uint8Array,
    options?: { readonly isTile?: boolean; readonly token?: number | undefined },
  ): Promise<void>
  /** It need not be there. */
  remove(path: string): Promise<void>
  /** The private keys, one a line. Nothing where there are none. */
  loadKeys(): Promise<string | undefined>
  /** Durable when it resolves. No other user of the machine can read them. */
  saveKeys(text: string): Promise<void>
}
