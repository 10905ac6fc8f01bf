// The environment of the process, which domain code may not read: it differs from one machine to the next.
import { outsideWorld } from './instead.ts'
import { shared } from './place.ts'

type Env = NodeJS.ProcessEnv

/** A view of the environment instead of a getter, because `import { env } from 'node:process'` takes hold of it before domain code runs. */
export function guardedEnv(original: Env): Env {
  if (shared.guarded.has(original)) return original
  const known = shared.guardedOf.get(original) as Env | undefined
  if (known) return known
  const asked = (name: PropertyKey) => shared.running?.refuse(`process.env.${String(name)}`, outsideWorld)
  const all = () => shared.running?.refuse('process.env', outsideWorld)
  const guard = new Proxy(original, {
    get(env, name) {
      asked(name)
      return env[name as string]
    },
    has(env, name) {
      asked(name)
      return name in env
    },
    set(env, name, value) {
      asked(name)
      env[name as string] = value
      return true
    },
    deleteProperty(env, name) {
      asked(name)
      return delete env[name as string]
    },
    ownKeys(env) {
      all()
      return Reflect.ownKeys(env)
    },
    getOwnPropertyDescriptor(env, name) {
      all()
      return Reflect.getOwnPropertyDescriptor(env, name)
    },
  })
  shared.guardedOf.set(original, guard)
  shared.guarded.add(guard)
  return guard
}
