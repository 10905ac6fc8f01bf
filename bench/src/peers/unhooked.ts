// Libraries that take over how a process ends, and with which exit code, must not do so with ours.

/** Loads a module and takes away whatever it began to listen to on the process. */
export async function unhooked<Module>(load: () => Promise<Module>): Promise<Module> {
  const before = new Set(listening().map(({ listener }) => listener))
  const loaded = await load()
  for (const { event, listener } of listening()) if (!before.has(listener)) process.off(event, listener)
  return loaded
}

function listening() {
  // Its types know no process event by a name that is just text.
  const events = process.eventNames() as 'exit'[]
  return events.flatMap((event) =>
    process.rawListeners(event).map((listener) => ({ event, listener: listener as never })),
  )
}
