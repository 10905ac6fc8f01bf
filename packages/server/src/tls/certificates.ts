// The certificate of the server, read from files, and read again when they change: certificates are renewed every few weeks, and connections must not notice.
import { constants, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { IndelibleError } from 'indelible'
import { type Timer, timer } from 'indelible/adapter'
import { certificateCheckMs, certificateSettleMs } from '../limits.ts'
import type { Notify } from '../notices.ts'

export interface TlsOptions {
  /** The certificate in PEM, followed by those of the authorities between it and the root. */
  readonly certFile: string
  /** Its private key in PEM. */
  readonly keyFile: string
  /** The authorities in PEM that issue certificates of clients. */
  readonly caFile?: string
  /** Whether clients are asked for a certificate. One that has none, or another one, may connect all the same, and show a key instead. */
  readonly requestCert?: boolean
  /** `TLSv1.3` by default. */
  readonly minVersion?: Extract<SecureVersion, 'TLSv1.2' | 'TLSv1.3'>
}

export interface ReadCertificates {
  readonly context: SecureContextOptions
  readonly validTo: string
}

/** Reads the files and checks that they belong together. Throws `config_invalid`, with what is wrong and nothing of the key. */
export function readCertificates(options: TlsOptions): ReadCertificates {
  const { certFile, keyFile, caFile, requestCert = false, minVersion = 'TLSv1.3' } = options
  if (requestCert && caFile === undefined)
    throw invalid('"requestCert" needs "caFile": the authorities whose certificates are believed.')
  const cert = contentOf(certFile, 'certFile')
  const key = contentOf(keyFile, 'keyFile')
  const ca = caFile === undefined ? {} : { ca: contentOf(caFile, 'caFile') }
  // A resumed session would skip the check of the client's certificate.
  const secureOptions = requestCert ? constants.SSL_OP_NO_TICKET : 0
  const context = { cert, key, ...ca, minVersion, secureOptions }
  try {
    const { validTo } = new X509Certificate(cert)
    if (caFile !== undefined) new X509Certificate(ca.ca!)
    // Fails if the key is not that of the certificate.
    createSecureContext(context)
    return { context, validTo: new Date(validTo).toISOString() }
  } catch (cause) {
    const files = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])].join(', ')
    throw invalid(`the files ${files} are no certificate with its key: ${(cause as Error).message}.`)
  }
}

export interface KeptCertificates {
  /** Reads the files again now. Throws `config_invalid`, and then the certificate before is still used. */
  reload(): void
  stop(): void
}

/** Reads the files again whenever they change. New connections get the new certificate; those that are open go on. */
export function keptCertificates(server: Server, options: TlsOptions, notify: Notify): KeptCertificates {
  const files = [options.certFile, options.keyFile, ...(options.caFile === undefined ? [] : [options.caFile])]
  let settling: Timer | undefined
  const reload = () => {
    settling?.cancel()
    settling = undefined
    const { context, validTo } = readCertificates(options)
    server.setSecureContext(context)
    notify({ kind: 'certificate loaded', validTo })
  }
  const changed = () => {
    settling?.cancel()
    // Certificate and key are written one after the other.
    settling = timer(certificateSettleMs, () => {
      try {
        reload()
      } catch (error) {
        notify({ kind: 'certificate kept', message: (error as Error).message })
      }
    }).unref()
  }
  // It looks at the path and not at the inode, so it also notices a file or a link that was replaced by another one.
  for (const file of files) watchFile(file, { interval: certificateCheckMs, persistent: false }, changed)
  return {
    reload,
    stop() {
      settling?.cancel()
      for (const file of files) unwatchFile(file, changed)
    },
  }
}

function contentOf(file: string, option: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw invalid(`"${option}" cannot be read: ${(cause as Error).message}.`)
  }
}

function invalid(problem: string): IndelibleError {
  return new IndelibleError('config_invalid', `TLS cannot work: ${problem}`)
}
