#!/usr/bin/env node
// The door: whoever comes with an old Node must be told so in one plain line, so this is JavaScript that Node 12 can read.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) start()
else refuse()

function start() {
  muteLoader()
  // The package by its own name: `--conditions=@indelible/source` gives its TypeScript, otherwise it is `dist`.
  import('@indelible/cli')
    .then((cli) => cli.main())
    .catch((error) => {
      console.error(error)
      process.exit(1)
    })
}

/** How Node loads modules is nothing that whoever calls a command can act on, and programs read stderr. Other warnings stay. */
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
