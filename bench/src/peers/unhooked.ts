// Some libraries decide how a process ends, and with which exit code. They must not do this to our process.

/** Loads a module and removes the listeners that it added to the process. */
export async function unhooked<Module>(load: () => Promise<Module>): Promise<Module> {
  const before = new Set(listening().map(({ listener }) => listener))
  const loaded = await load()
  for (const { event, listener } of listening()) if (!before.has(listener)) process.off(event, listener)
  return loaded
}

function listening() {
  // Its types do not know process events by a name that is a plain string.
  const events = process.eventNames() as 'exit'[]
  return events.flatMap((event) =>
    process.rawListeners(event).map((listener) => ({ event, listener: listener as never })),
  )
}
