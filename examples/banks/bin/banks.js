#!/usr/bin/env node
// JavaScript that Node 12 can read: it must be able to say that a Node is too old.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `The banks need Node 22.18 or newer; this is ${process.versions.node}. ` +
      'Start them with npm (npm run banks), which uses the Node that the project pins.',
  )
  process.exit(5)
} else {
  import('../cli.ts').then((cli) => cli.main(process.argv.slice(2)))
}
