// An operation: one thing that a person or a program may ask of a running system. It is declared once, and every transport maps it.
import type { Need, Principal, Sees } from '../access/index.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { isStreamName } from '../kernel/streams.ts'
import { isTraceparent, tracedBy } from '../kernel/traceparent.ts'
import type { NotedCall } from '../runtime/audit/audit-log.ts'
import type { By } from '../runtime/consumers/by.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { spans } from '../runtime/telemetry/index.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import { recordedTextBytesMax } from './limits.ts'
import { given, type InputOf, type Parameters, parsedInput, text } from './parameters.ts'

/** How a caller gives a principal. */
export const principalParameters = {
  actor: text({
    bytesMax: recordedTextBytesMax,
    description:
      'Who asks; it is recorded. Where the server knows who a request is from, this must be the same name, or one that it may act for. ' +
      'Otherwise it is recorded as given.',
  }),
}

/** What belongs to a call besides its input. */
export interface Call {
  readonly principal?: Principal | undefined
  /** Aborts when the caller no longer wants the answer. */
  readonly signal?: AbortSignal | undefined
  /** What led to the call, as a W3C traceparent: it is recorded with what the call changes. A malformed one is ignored, as that standard asks. */
  readonly traceparent?: string | undefined
}

/** The pages of a result. */
export interface Paging {
  /** `next` of the result is the value of this parameter for the next page; null after the last page. */
  readonly parameter: string
  /** Parameters that only the first page needs. */
  readonly firstPageOnly: readonly string[]
}

/** One thing that may be asked of a running system. Everything except `run` and the functions is plain data. */
export interface Operation<Input = Readonly<Record<string, unknown>>, Result = unknown> {
  readonly name: string
  readonly effect: 'reads' | 'changes'
  /**
   * What it asks. Where there are tenants, `log` is of each of them, `server` of what belongs to none of them, `both` of each, and `tenants` of the list of them.
   * A system without tenants is all in one, and has no such list.
   */
  readonly of: 'log' | 'server' | 'both' | 'tenants'
  /** Whether a call may record its principal: where it changes something, and where it reads what the audit trail can note. */
  readonly recordsPrincipal: boolean
  readonly parameters: Parameters
  /** What a call with this input needs a grant for. */
  needs(input: Input): Need
  /** The codes of the errors that a call may cause. Faults of the system, such as `tables_unavailable`, may come in addition. */
  readonly refusals: readonly ErrorCode[]
  readonly paging: Paging | undefined
  /** Whether a call may read much of the log: always, or if it gives one of these parameters. A transport limits such calls. */
  readonly heavy: boolean | readonly string[]
  /**
   * Whether the result is a live feed (`LiveFeed`): `run` checks and refuses as ever, and its result gives messages until the signal of the call aborts. A
   * transport writes them as they come.
   */
  readonly isLive: boolean
  /** Whether a call with this input may wait. A transport limits such calls, because each may hold a connection. */
  waits(input: Input): boolean
  /** What the operation means for a declared system: once, or once for each command, table and so on. */
  describe(system: SystemDescription): readonly OperationCase[]
  /** Checks the input and does it. Throws the errors in `refusals`. A refusal of the domain is a result, not an error. */
  run(running: RunningSystem, input: Input, call?: Call): Promise<Result>
}

/** An operation for one declared command, table and so on, or for the whole system. */
export interface OperationCase {
  /** The parameters that have one value here, such as the name of the table. */
  readonly given?: Readonly<Record<string, string>>
  /** Cases of one group belong together in documents. */
  readonly group: string
  readonly summary: string
  readonly description?: string
  /** Narrower schemas of parameters, by name. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>
  /** References in it lead to the definitions of `describeOperations`. */
  readonly result: { readonly description: string; readonly schema: JsonSchema }
  /** The refusals of the domain. `details` is the schema of their details. */
  readonly domainRefusals?: readonly { readonly reason: string; readonly details: JsonSchema }[]
}

interface Declaration<Declared extends Parameters, Result> {
  readonly name: string
  readonly effect: 'reads' | 'changes'
  /** A log by default. */
  readonly of?: Operation['of']
  readonly parameters: Declared
  /** `invalid_parameter` and `access_denied` are added. */
  readonly refusals?: readonly ErrorCode[]
  readonly paging?: Paging
  readonly heavy?: boolean | readonly (keyof Declared & string)[]
  readonly isLive?: boolean
  readonly waits?: (input: InputOf<Declared>) => boolean
  /** False for a read that the audit trail never notes. */
  readonly recordsPrincipal?: boolean
  readonly needs: (input: InputOf<Declared>) => Need
  readonly describe: (system: SystemDescription) => readonly OperationCase[]
  readonly run: (running: RunningSystem, input: InputOf<Declared>, call: CheckedCall) => Promise<Result>
}

interface CheckedCall extends Call {
  readonly principal: Principal
  /** What is recorded of the principal, and of what led to the call. */
  readonly by: By
  /** What the principal may see of the answer. */
  readonly sees: Sees
}

/** Declares an operation. `run` gets an input that was checked. */
export function operation<const Declared extends Parameters, Result>(
  declared: Declaration<Declared, Result>,
): Operation<InputOf<Declared>, Result> {
  const {
    name,
    effect,
    of = 'log',
    parameters,
    refusals = [],
    paging,
    heavy = false,
    isLive = false,
    waits = () => false,
    recordsPrincipal = true,
    run,
  } = declared
  return {
    ...declared,
    of,
    refusals: ['invalid_parameter', 'access_denied', ...refusals],
    paging,
    heavy,
    isLive,
    recordsPrincipal,
    waits,
    async run(running, input, { principal = {}, signal, traceparent } = {}) {
      const parent = isTraceparent(traceparent) ? traceparent : undefined
      const traced = { span: spans.operation, attributes: { 'indelible.operation': name }, parent, orActive: true }
      return await running.telemetry.traced(traced, async (span) => {
        const { actor } = parsedInput(principalParameters, given({ actor: principal.actor }))
        const by = { ...given({ actor }), ...tracedBy(span.traceparent) }
        const parsed = parsedInput(parameters, input)
        const asked = { operation: name, input: parsed, stream: streamIn(parsed), actor }
        const sees = granted(running, asked, { principal, need: declared.needs(parsed) })
        if (effect === 'reads' && recordsPrincipal) running.audit.read(asked)
        return await run(running, parsed, { principal, by, sees, signal })
      })
    },
  }
}

/** What the principal sees of what it needs. Throws `access_denied`, and notes it. For what a transport offers besides operations, too. */
export function granted(
  { access, audit }: Pick<RunningSystem, 'access' | 'audit'>,
  asked: NotedCall,
  { principal, need }: { readonly principal: Principal; readonly need: Need },
): Sees {
  try {
    return access.sees(principal, need)
  } catch (error) {
    audit.denied(asked)
    throw error
  }
}

/** The stream that a call is about, by the names that parameters have everywhere. */
function streamIn({ stream, category, id }: Readonly<Record<string, unknown>>): string | undefined {
  const name = stream ?? (category === undefined ? undefined : `${category}-${id}`)
  return typeof name === 'string' && isStreamName(name) ? name : undefined
}
