#!/usr/bin/env node
// Written so that any old Node can read it: it must be able to say that it is too old.
var version = process.versions.node.split('.').map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  console.error(
    'The bank needs Node 22.18 or newer; this is ' +
      process.versions.node +
      '. Start it with npm (npm start, npm run bank -- ...), which uses the Node that the project pins.',
  )
  process.exit(5)
} else {
  import('../cli.ts').then((cli) => cli.main(process.argv.slice(2)))
}
