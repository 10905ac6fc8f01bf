// Drivers are peers: whoever uses only one of them need not install the other.
import { IndelibleError } from 'indelible'

/** Loads a driver. Throws `invalid_declaration` with what to do where it is not installed. */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    throw missingPeer(name, error) ?? error
  }
}

/** The fault for an error that says that this package is not there. */
export function missingPeer(name: string, error: unknown): IndelibleError | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) return undefined
  return new IndelibleError('invalid_declaration', `The package "${name}" is missing: run "npm install ${name}".`, {
    details: { package: name },
    cause: error,
  })
}
