// Drivers are peer dependencies, so that a user of one driver does not have to install the other.
import { IndelibleError } from 'indelible'

/** Loads a driver. If it is not installed, throws `invalid_declaration` with the command that installs it. */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    throw missingPeer(name, error) ?? error
  }
}

/** The fault for the error that Node throws if this package is not installed; otherwise nothing. */
export function missingPeer(name: string, error: unknown): IndelibleError | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) return undefined
  return new IndelibleError('invalid_declaration', `The package "${name}" is missing: run "npm install ${name}".`, {
    details: { package: name },
    cause: error,
  })
}
