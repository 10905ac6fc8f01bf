#!/usr/bin/env node
// The entry of the command line. It must print a clear error on an old Node, so it is JavaScript that Node 12 can parse.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) start()
else refuse()

function start() {
  muteLoader()
  // Importing the package by its name loads the TypeScript with `--conditions=@indelible/source`, otherwise `dist`.
  import('@indelible/cli')
    .then((cli) => cli.main())
    .catch((error) => {
      console.error(error)
      process.exit(1)
    })
}

/** Hides warnings of Node about loading modules: users cannot act on them, and programs read stderr. Other warnings remain. */
function muteLoader() {
  const printers = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return
    if ('code' in warning && warning.code === 'MODULE_TYPELESS_PACKAGE_JSON') return
    for (const print of printers) print(warning)
  })
}

function refuse() {
  const message =
    `Indelible needs Node 22.18 or newer; this is ${process.versions.node}. ` +
    'Run it with npm (npm run indelible -- ...), which uses the pinned Node 24, or upgrade Node.'
  const json = JSON.stringify({ error: { code: 'node_too_old', message } })
  console.error(process.argv.includes('--json') ? json : `error: ${message}`)
  process.exit(5)
}
