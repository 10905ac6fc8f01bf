// A contract suite is a list of named behaviours that any test runner can run against any adapter.

/** One behaviour. `run` throws (an AssertionError) if the adapter does not behave so. */
export interface ContractCase<Subject> {
  readonly name: string
  run(subject: Subject): Promise<void>
}
