// Records the actions of operators in the log, beside the events of the domain: who did what, and when.
import { isIndelibleError } from '../kernel/errors.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import { streamName } from '../kernel/streams.ts'
import { tracedBy } from '../kernel/traceparent.ts'
import type { EventStore } from '../store/port.ts'
import { type Append, appendTo, type Telemetry } from './telemetry/index.ts'

/** The category of the streams with the actions of operators. Each consumer or table has a stream. */
export const operatorCategory = '$operator'

export type OperatorAction =
  | '$ConsumerPaused'
  | '$ConsumerResumed'
  | '$TableRebuilt'
  | '$PreviousTableDropped'
  | '$PastTableKept'
  | '$PastTableDropped'
  | '$SagaRetried'
  | '$SagaPartitioned'
  | '$ProofKeyUsed'

export interface OperatorLogOptions {
  readonly store: EventStore
  readonly ids: IdGenerator
  readonly telemetry: Telemetry
}

export class OperatorLog {
  readonly #append: Append
  readonly #ids: IdGenerator

  constructor({ store, ids, telemetry }: OperatorLogOptions) {
    this.#append = appendTo(store, telemetry)
    this.#ids = ids
  }

  /**
   * Resolves when it is durable. If the log cannot be written, it throws, although the action was done. A process that opened the log for reading only
   * records nothing, for example one that runs only projections.
   */
  async record(
    type: OperatorAction,
    { subject, data }: { readonly subject: string; readonly data: Readonly<Record<string, unknown>> },
    { actor, traceparent }: { readonly actor?: string | undefined; readonly traceparent?: string | undefined },
  ): Promise<void> {
    const id = this.#ids()
    const metadata = { ...(actor === undefined ? {} : { actor }), correlationId: id, ...tracedBy(traceparent) }
    const stream = streamName(operatorCategory, subject)
    try {
      await this.#append({ events: [{ id, stream, type, data, metadata }] }, { reserved: true }, traceparent)
    } catch (error) {
      if (!isIndelibleError(error, 'store_read_only')) throw error
    }
  }
}
