// Recognises clients by their certificates (mutual TLS).
import { IndelibleError } from 'indelible'
import type { ShownCertificate } from './certificate.ts'
import type { Identity, KnownPrincipal } from './identity.ts'
import { checkedMap, type PrincipalMap, principalFrom, valueAt } from './principal-map.ts'

/** Certificates with all of these fields stand for this principal: `{ where: { 'san.uri': 'spiffe://bank/billing' }, principal: { actor: 'billing' } }`. */
export interface CertificateRule {
  /** Values by field: `subject.CN`, `subject.O`, `issuer.CN`, `san.dns`, `san.uri`, `san.email`, `san.ip`, `fingerprint256`, `serialNumber`. */
  readonly where: Readonly<Record<string, string>>
  readonly principal: KnownPrincipal
}

export interface MutualTlsOptions {
  /** Which fields make the principal, such as `{ actor: 'subject.CN', roles: 'subject.OU' }`; or a list of rules, of which the first that fits counts. */
  readonly principal: PrincipalMap | readonly CertificateRule[]
}

/** Recognises trusted certificates: `serve` needs `tls: { caFile, requestCert: true }`. Throws `config_invalid`. */
export function mutualTls({ principal }: MutualTlsOptions): Identity {
  const recognise = isRules(principal) ? byRules(principal) : byMap(checkedMap(principal, 'mutualTls'))
  return {
    name: 'client certificate',
    usesCertificate: true,
    async recognise({ certificate }) {
      if (!certificate) return undefined
      if (certificate.isTrusted) return recognise(certificate)
      return { refused: `The certificate is not trusted: ${certificate.problem}.` }
    },
  }
}

function isRules(principal: MutualTlsOptions['principal']): principal is readonly CertificateRule[] {
  return Array.isArray(principal)
}

function byMap(map: PrincipalMap) {
  return (certificate: ShownCertificate) => principalFrom(certificate, map)
}

function byRules(rules: readonly CertificateRule[]) {
  const wrong = rules.find(({ where, principal }) => Object.keys(where ?? {}).length === 0 || !principal?.actor)
  if (wrong)
    throw new IndelibleError(
      'config_invalid',
      "A rule of mutualTls needs fields and an actor: { where: { 'subject.CN': 'billing' }, principal: { actor: 'billing' } }.",
    )
  return (certificate: ShownCertificate) =>
    rules.find(({ where }) =>
      Object.entries(where).every(([path, value]) => hasValue(valueAt(certificate, path), value)),
    )?.principal
}

function hasValue(found: unknown, value: string): boolean {
  return Array.isArray(found) ? found.includes(value) : found === value
}
