// The client as a web page would get it: one minified file.
import { rolldown } from 'rolldown'

export async function bundled(): Promise<{ readonly code: string; readonly imports: readonly string[] }> {
  const input = new URL('../src/index.ts', import.meta.url).pathname
  const bundle = await rolldown({ input, platform: 'neutral', logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const [{ code, imports }] = output
  return { code, imports }
}
