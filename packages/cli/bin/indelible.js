#!/usr/bin/env node
// The door: an old Node must be told so in one plain line, therefore this file is JavaScript that old Nodes can read.
var parts = process.versions.node.split('.').map(Number)

if (parts[0] > 22 || (parts[0] === 22 && parts[1] >= 18)) {
  // The package's own name, so that `--conditions=source` runs the TypeScript and everything else runs `dist`.
  import('@indelible/cli').then(
    function (cli) {
      return cli.main()
    },
    function (error) {
      console.error(error)
      process.exit(1)
    },
  )
} else {
  var message =
    'Indelible needs Node 22.18 or newer; this is ' +
    process.versions.node +
    '. Run it with npm (npm run indelible -- ...), which uses the pinned Node 24, or upgrade Node.'
  var asJson = process.argv.indexOf('--json') !== -1
  console.error(asJson ? JSON.stringify({ error: { code: 'node_too_old', message: message } }) : 'error: ' + message)
  process.exit(5)
}
