// `indelible access explain`: why a principal may do something or not.
import type { Command } from 'commander'
import { type Grant, isIndelibleError } from 'indelible'
import {
  type Explanation,
  explainAccess,
  type Operation,
  type OperationName,
  operations,
  type Principal,
} from 'indelible/operations'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, several, systemOf } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { grantText, whomText } from './grant-text.ts'

interface Options extends CommonOptions {
  readonly role?: readonly string[]
  readonly attribute?: readonly string[]
}

export function addExplain(group: Command, session: Session): void {
  const command = addCommand(group, 'explain', {
    summary: 'say why a principal may do something or not',
    about:
      'Ask the grants of the config for one call, as a running server would. The input of the operation is given as name=value; a value may be JSON. ' +
      `Operations: ${Object.keys(operations).join(', ')}.`,
    examples: [
      [
        `indelible access explain ann sendCommand category=account id=a1 command=WithdrawFunds input='{"amount":5}' --role customer --attribute account=a1`,
        'may Ann, a customer with the account a1, withdraw from it?',
      ],
      ['indelible access explain alan auditTrail --role auditor', 'may Alan read the audit trail?'],
      [
        'indelible access explain alan auditTrail --role auditor --tenant acme',
        'where there are tenants: that of acme?',
      ],
    ],
  })
    .argument('<principal>', 'the name of the principal, as it is recorded')
    .argument('<operation>', 'the operation, such as readStream')
    .argument('[input...]', 'its input: stream=account-a1')
    .option('--role <role>', 'a role of the principal (may be repeated)', several)
    .option(
      '--attribute <name=value>',
      'an attribute of the principal (may be repeated, also for one with several values)',
      several,
    )
  addCommonOptions(command).action((actor: string, operation: string, input: readonly string[]) =>
    explain({ actor, operation, input }, command.optsWithGlobals(), session),
  )
}

interface Asked {
  readonly actor: string
  readonly operation: string
  readonly input: readonly string[]
}

async function explain({ actor, operation, input }: Asked, options: Options, session: Session): Promise<void> {
  const { system, access, tenants, tenant } = await systemOf(options, session)
  if (!Object.hasOwn(operations, operation))
    throw new CliError(
      'usage',
      `There is no operation "${operation}". There are ${Object.keys(operations).join(', ')}.`,
    )
  const name = operation as OperationName
  const { role: roles = [], attribute = [] } = options
  const principal: Principal = { actor, roles, attributes: attributesIn(attribute) }
  const scope = tenants ? (tenant === undefined ? 'whole' : { tenant }) : 'one log'
  const explanation = explained(() =>
    explainAccess(system, access, { principal, operation: name, input: inputIn(name, input), scope }),
  )
  const { out } = session
  await out.write(options.json ? `${jsonLine({ principal, operation, ...explanation })}\n` : textOf(explanation, out))
}

/** What is asked about is given by arguments here. */
function explained(ask: () => Explanation): Explanation {
  try {
    return ask()
  } catch (error) {
    throw isIndelibleError(error, 'invalid_parameter') ? new CliError('usage', error.message) : error
  }
}

function attributesIn(given: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const pairs = given.map((text) => pairIn(text, '--attribute'))
  return Object.fromEntries(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, its]) => [name, its.map(([, value]) => value)]),
  )
}

function inputIn(name: OperationName, given: readonly string[]): object {
  const { parameters } = operations[name] as Operation
  return Object.fromEntries(
    given.map((text) => {
      const [parameter, value] = pairIn(text, 'The input')
      const declared = Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined
      const isText = declared !== undefined && (declared.schema as { readonly type?: unknown }).type !== 'object'
      // Any JSON has no type.
      const isJson = !isText || Object.keys(declared.schema).length === 0
      return [parameter, isJson ? jsonIn(value) : declared.fromText(value)]
    }),
  )
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function pairIn(text: string, what: string): readonly [string, string] {
  const end = text.indexOf('=')
  if (end > 0) return [text.slice(0, end), text.slice(end + 1)]
  throw new CliError('usage', `${what} is given as name=value, not "${text}".`)
}

function textOf({ isAllowed, reason, by, considered }: Explanation, out: Output): string {
  const verdict = isAllowed ? out.paint('green', 'Allowed.') : out.paint('red', 'Refused.')
  const told = (grant: Grant) => escapeControls(`${whomText(grant)}: ${grantText(grant)}`)
  const lines = [
    `${verdict} ${reason}`,
    ...(by ? [`  ${told(by)}`] : []),
    ...(considered.length > 0 ? ['', by ? 'Grants before it:' : 'Its grants:'] : []),
    ...considered.flatMap(({ grant, misfit }) => [`  ${told(grant)}`, `      no: ${escapeControls(misfit)}`]),
  ]
  return `${lines.join('\n')}\n`
}
