// What a server tells its operator as it happens.

/**
 * `identity refused`: a request was refused, and why; `untold` others were refused since the last notice and are not told. `certificate kept`: the new files of TLS
 * do not work, so the certificate before them is still used. Nothing here has a token or a key.
 */
export type ServerNotice =
  | {
      readonly kind: 'identity refused' | 'identity unavailable'
      readonly identity: string | null
      readonly reason: string
      readonly method: string
      readonly path: string
      readonly remoteAddress: string | null
      readonly untold: number
    }
  | { readonly kind: 'identity provider unreachable'; readonly issuer: string; readonly message: string }
  | { readonly kind: 'tls missing'; readonly message: string }
  | { readonly kind: 'certificate loaded'; readonly validTo: string }
  | { readonly kind: 'certificate kept'; readonly message: string }
  | { readonly kind: 'closing' | 'closed' }

export type Notify = (notice: ServerNotice) => void
