// Certificates for tests, made when a test needs them: authorities, and what they issue.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as never)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export interface Issued {
  readonly cert: string
  readonly key: string
}

export interface ToIssue {
  readonly subject: string
  /** In addition to `localhost` and 127.0.0.1. */
  readonly uris?: readonly string[]
  readonly notAfter?: Date
}

export interface Authority {
  readonly cert: string
  issue(asked: ToIssue): Promise<Issued>
}

const hour = 60 * 60_000

export async function authority(name: string): Promise<Authority> {
  const keys = await keyPair()
  const notBefore = new Date(Date.now() - 48 * hour)
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore,
    notAfter: new Date(Date.now() + 48 * hour),
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  })
  return {
    cert: root.toString('pem'),
    async issue({ subject, uris = [], notAfter = new Date(Date.now() + hour) }) {
      const { publicKey, privateKey } = await keyPair()
      const names = [
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        ...uris.map((value) => ({ type: 'url', value }) as const),
      ] as const
      const cert = await x509.X509CertificateGenerator.create({
        subject,
        issuer: root.subject,
        publicKey,
        signingKey: keys.privateKey,
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        extensions: [new x509.SubjectAlternativeNameExtension([...names])],
      })
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
      return { cert: cert.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
    },
  }
}

async function keyPair(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
}
