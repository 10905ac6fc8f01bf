// Starts a thread that begins with a module of ours. In development Node runs the TypeScript source itself, in a package what was built of it.
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** `module` has no extension and is relative to the module whose `import.meta.url` is given. */
export function startWorker(
  module: `./${string}`,
  importMetaUrl: string,
  options: Pick<WorkerOptions, 'resourceLimits'> = {},
): Worker {
  const file = `${module}${importMetaUrl.endsWith('.ts') ? '.ts' : '.js'}`
  return new Worker(new URL(file, importMetaUrl), { ...options, execArgv: ['--disable-warning=ExperimentalWarning'] })
}
