// The module of a saga: its flow, with functions that make ids and inputs from the data it begins with.
import type { Board, BoardSaga, BoardStep, Field } from 'indelible/schema'
import { type Code, call, chain, headed, list, object, text } from './code.ts'
import { Module } from './module.ts'
import type { Places } from './places.ts'
import { idFrom, type Known, sagaFunction, valuesFrom } from './sending.ts'
import { hasSameForm, names, schemaOf } from './values.ts'

export function sagaText(saga: BoardSaga, board: Board, places: Places): readonly [file: string, text: string] {
  const place = places.sagas.get(saga.name)!
  const writer = new SagaWriter(new Module(place.file), board, places)
  return [place.file, writer.text(saga, place.name)]
}

class SagaWriter {
  readonly #module: Module
  readonly #board: Board
  readonly #places: Places

  constructor(module: Module, board: Board, places: Places) {
    this.#module = module
    this.#board = board
    this.#places = places
  }

  text(saga: BoardSaga, name: string): string {
    this.#module.use('indelible', 'saga')
    const known = { data: saga.data ?? startData(saga, this.#board), item: [] }
    if (saga.data) this.#module.use('zod', 'z')
    const last = (command: string | null) => (command === null ? undefined : this.#send(command, known))
    const [onlyStart, ...otherStarts] = saga.startsOn
    const definition = object({
      description: saga.description === null ? undefined : text(saga.description),
      startsOn:
        onlyStart === undefined
          ? undefined
          : otherStarts.length === 0
            ? this.#event(onlyStart)
            : names(saga.startsOn.map((each) => this.#event(each))),
      data: saga.data ? schemaOf(saga.data) : undefined,
      cancelsOn:
        saga.cancelsOn.length === 0
          ? undefined
          : saga.cancelsOn.length === 1
            ? this.#event(saga.cancelsOn[0]!)
            : names(saga.cancelsOn.map((each) => this.#event(each))),
      owner: saga.owner === null ? undefined : text(saga.owner),
      onCompleted: last(saga.onCompleted),
      onCompensated: last(saga.onCompensated),
    })
    const flow = chain(
      [`export const ${name} = `, call('saga', text(saga.name), definition)],
      this.#steps(saga.steps, known),
    )
    return this.#module.written(saga.description ?? `The process "${saga.name}".`, [flow])
  }

  #steps(steps: readonly BoardStep[], known: Known): readonly Code[] {
    return steps.map((step) => this.#step(step, known))
  }

  #step(step: BoardStep, known: Known): Code {
    const otherwise = 'otherwise' in step && step.otherwise === 'continue' ? "'continue'" : undefined
    switch (step.kind) {
      case 'step':
        return call(
          '.step',
          text(step.name),
          object({
            ...this.#sending(step.sends, known),
            continueOn: step.continueOn.length === 0 ? undefined : list(step.continueOn.map(text)),
            compensate: this.#compensation(step.compensatesWith, known),
            timeout: step.timeout === null ? undefined : text(step.timeout),
          }),
        )
      case 'await':
        return call(
          '.awaitEvent',
          text(step.name),
          this.#event(step.event),
          object({ within: text(step.within), otherwise }),
        )
      case 'ask':
        this.#module.use('zod', 'z')
        return call(
          '.ask',
          text(step.name),
          object({
            owner: `() => ${text('somebody')}`,
            question: `() => ${text(`${step.name}?`)}`,
            decision: 'z.boolean()',
            within: text(step.within),
            otherwise,
          }),
        )
      case 'sleep':
        return call(
          '.sleep',
          text(step.name),
          step.for === null
            ? object({ until: `() => ${text('2030-01-01T00:00:00.000Z')}` })
            : object({ for: text(step.for) }),
        )
      case 'child': {
        const child = this.#board.sagas.find(({ name }) => name === step.saga)!
        const made = valuesFrom(child.data ?? startData(child, this.#board), known)
        return call(
          '.child',
          text(step.name),
          object({
            saga: this.#module.see(this.#places.sagas.get(step.saga)!),
            id: '(_data, { sagaId }) => sagaId',
            data: sagaFunction(made),
            compensate: this.#compensation(step.compensatesWith, known),
          }),
        )
      }
      case 'each': {
        const over = known.data.find(({ type }) => type.startsWith('list of '))
        const item = over?.type === 'list of objects' ? over.fields : []
        return call(
          '.each',
          text(step.name),
          object({
            over: over ? `({ ${over.name} }) => ${over.name}` : '(): readonly string[] => []',
            key: '(_item, index) => String(index + 1)',
            atOnce: step.atOnce === 10 ? undefined : String(step.atOnce),
            do: this.#flow(step.steps, { ...known, item }),
          }),
        )
      }
      default: {
        const branches = object(
          Object.fromEntries(
            Object.entries(step.branches).map(([branch, steps]) => [branch, this.#flow(steps, known)]),
          ),
        )
        if (step.kind === 'parallel') return call('.parallel', text(step.name), branches)
        return call('.choose', text(step.name), `() => ${text(Object.keys(step.branches)[0]!)}`, branches)
      }
    }
  }

  #flow(steps: readonly BoardStep[], known: Known): Code {
    return headed('(flow) =>', chain('flow', this.#steps(steps, known)))
  }

  #compensation(name: string | null, known: Known): Code | undefined {
    if (name === null) return undefined
    return name === 'nothing' ? text(name) : this.#send(name, known)
  }

  #send(command: string, known: Known): Code {
    return object(this.#sending(command, known))
  }

  #sending(name: string, known: Known): { readonly [member: string]: Code } {
    const placed = this.#places.commands.get(name)!
    const id = idFrom(placed, known)
    const input = valuesFrom(placed.command.fields, known)
    return {
      command: this.#module.see(placed.place),
      to: sagaFunction({ ...id, code: id.code ?? 'sagaId' }, { usesId: id.code === undefined }),
      input: sagaFunction(input),
    }
  }

  #event(name: string): string {
    return this.#module.see(this.#places.events.get(name)!)
  }
}

/** What all of the events that start a saga have. */
export function startData({ startsOn }: BoardSaga, board: Board): readonly Field[] {
  const events = board.lanes.flatMap(({ events }) => events).filter(({ name }) => startsOn.includes(name))
  const [first, ...others] = events
  const isSame = (a: Field, b: Field) =>
    a.name === b.name && hasSameForm(a, b) && a.isNullable === b.isNullable && a.isRequired === b.isRequired
  return (first?.fields ?? []).filter((field) =>
    others.every(({ fields }) => fields.some((each) => isSame(each, field))),
  )
}
