// What a request shows of the certificate of its client.
import { type PeerCertificate, TLSSocket } from 'node:tls'

export interface ShownCertificate {
  /** Whether it comes from an authority of `caFile`, and is valid now. */
  readonly isTrusted: boolean
  /** Why it is not trusted, such as `CERT_HAS_EXPIRED`. */
  readonly problem: string | undefined
  /** By the short names of attributes, such as `CN` and `O`. One that is there several times is a list. */
  readonly subject: Readonly<Record<string, string | readonly string[]>>
  readonly issuer: Readonly<Record<string, string | readonly string[]>>
  /** The other names of the subject. */
  readonly san: Readonly<Record<'dns' | 'uri' | 'email' | 'ip', readonly string[]>>
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string
  readonly serialNumber: string
}

/** Nothing without TLS, and where the client shows no certificate. */
export function certificateOf(socket: unknown): ShownCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const shown: Partial<PeerCertificate> | null = socket.getPeerCertificate()
  if (!shown?.fingerprint256) return undefined
  const { subject, issuer, subjectaltname, fingerprint256, serialNumber, valid_to } = shown as PeerCertificate
  const names = namesIn(subjectaltname ?? '')
  const problem = problemOf(socket, valid_to) ?? (names ? undefined : 'SAN_UNREADABLE')
  return {
    isTrusted: problem === undefined,
    problem,
    subject: { ...subject } as ShownCertificate['subject'],
    issuer: { ...issuer } as ShownCertificate['issuer'],
    san: names ?? { dns: [], uri: [], email: [], ip: [] },
    fingerprint256,
    serialNumber,
  }
}

/** TLS looks at a certificate when the connection begins, which may outlive it. */
function problemOf({ authorized, authorizationError }: TLSSocket, validTo: string): string | undefined {
  if (!authorized) return String(authorizationError)
  return Date.parse(validTo) > Date.now() ? undefined : 'CERT_HAS_EXPIRED'
}

const kinds = { DNS: 'dns', URI: 'uri', email: 'email', 'IP Address': 'ip' } as const

/** Node writes `DNS:a.example, URI:spiffe://bank/a`, and a name with special characters as JSON, so that no name can look like two. Nothing for anything else. */
export function namesIn(text: string): ShownCertificate['san'] | undefined {
  const names = { dns: [] as string[], uri: [] as string[], email: [] as string[], ip: [] as string[] }
  const form = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y
  while (form.lastIndex < text.length) {
    const [, kind, name] = form.exec(text) ?? []
    if (kind === undefined) return undefined
    const known = Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : undefined
    if (known) names[known].push(name!.startsWith('"') ? String(JSON.parse(name!)) : name!)
  }
  return names
}
