// A contract suite is a list of named behaviours that any test runner can run against any adapter.

/** One behaviour. `run` throws (an AssertionError) where the adapter does not keep it. */
export interface ContractCase<Subject> {
  readonly name: string
  run(subject: Subject): Promise<void>
}
