// Access to sagas: directly to the log, or through a running server. For the commands there is no difference.
import type { SagaFilters, SagaPage, SagaStory } from 'indelible/operations'

export interface SagaClient {
  /** Throws `unknown_saga`. */
  list(filters: SagaFilters): Promise<SagaPage>
  /** Throws `unknown_saga`, `saga_missing`. */
  story(name: string, id: string, page: { readonly from?: number; readonly limit?: number }): Promise<SagaStory>
  close(): Promise<void>
}
