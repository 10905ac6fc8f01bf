// The list of tenants: events in a log of its own, so that it is known who made which tenant and when.
import { IndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import { streamName } from '../../kernel/streams.ts'
import type { Instant } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import type { By } from '../consumers/by.ts'
import { checkedTenantName } from './names.ts'

export interface Tenant {
  readonly tenant: string
  readonly createdAt: Instant
  readonly createdBy: string | null
}

const category = '$tenant'
const created = '$TenantCreated'

export interface TenantCatalogOptions {
  readonly store: EventStore
  readonly ids: IdGenerator
  /** Called before a tenant is recorded. */
  readonly beforeCreated: (tenant: string) => Promise<void>
}

export class TenantCatalog {
  readonly #options: TenantCatalogOptions
  /** In the order in which they were made. */
  readonly #tenants = new Map<string, Tenant>()
  #through: Position = 0
  #reading: Promise<void> | undefined

  constructor(options: TenantCatalogOptions) {
    this.#options = options
  }

  /** Makes a tenant, whose log is empty. Throws `invalid_tenant_name`, `tenant_exists`, and what the store throws. */
  async create(name: string, { actor }: By = {}): Promise<Tenant> {
    const { store, ids, beforeCreated } = this.#options
    const tenant = checkedTenantName(name)
    if (await this.has(tenant)) throw exists(tenant)
    await beforeCreated(tenant)
    const id = ids()
    const stream = streamName(category, tenant)
    const metadata = { ...(actor === undefined ? {} : { actor }), correlationId: id }
    const events = [{ id, stream, type: created, data: { tenant }, metadata }]
    const outcome = await store.append({ events, expected: { [stream]: 'none' } }, { reserved: true })
    if (outcome.status === 'conflict') throw exists(tenant)
    await this.#read()
    return this.#tenants.get(tenant)!
  }

  /** Whether there is such a tenant, whichever process made it. */
  async has(name: string): Promise<boolean> {
    if (this.#tenants.has(name)) return true
    await this.#read()
    return this.#tenants.has(name)
  }

  /** All tenants, in the order in which they were made. */
  async list(): Promise<readonly Tenant[]> {
    await this.#read()
    return [...this.#tenants.values()]
  }

  /** Takes over what was recorded since the last time. Whoever asks meanwhile may have asked too late for what is being read, and reads again. */
  async #read(): Promise<void> {
    const before = this.#reading
    const reading = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#readOn())
    this.#reading = reading
    try {
      await reading
    } finally {
      if (this.#reading === reading) this.#reading = undefined
    }
  }

  async #readOn(): Promise<void> {
    const { store } = this.#options
    const { position: head } = await store.head()
    if (head <= this.#through) return
    const options = { from: this.#through + 1, to: head, reserved: true }
    for await (const { events } of store.read([{ categories: [category], types: [created] }], options)) {
      for (const { data, metadata, recordedAt } of events) {
        const { tenant } = data as { readonly tenant: string }
        this.#tenants.set(tenant, { tenant, createdAt: recordedAt, createdBy: metadata.actor ?? null })
      }
    }
    this.#through = head
  }
}

function exists(tenant: string): IndelibleError {
  return new IndelibleError('tenant_exists', `There is a tenant "${tenant}" already.`, { details: { tenant } })
}
