// The runtime puts guards in the place of functions of the platform, which refuse domain code.

/** The name under which a guard has the function that it stands for. */
export const unguardedName = Symbol.for('indelible.unguarded')

/** The function behind a guard, for work of ours that domain code causes: it reads a member of an event, and we read the log. */
export function unguarded<Function extends object>(given: Function): Function {
  return (given as { readonly [unguardedName]?: Function })[unguardedName] ?? given
}
