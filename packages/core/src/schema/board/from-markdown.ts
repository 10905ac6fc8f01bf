// Reads a board that a person or `boardMarkdown` wrote. docs/event-storming.md has the grammar. It is forgiving where nothing can be meant but one thing.
import type { Board, BoardCommand, BoardEvent, BoardLane, BoardListener, BoardSaga } from './board.ts'
import { columnsIn, fieldsIn, isFieldLike } from './fields.ts'
import { BoardFindings } from './findings.ts'
import { type OutlineItem, type OutlinePart, outlineOf } from './outline.ts'
import { type Section, sectionsOf } from './sections.ts'
import { stepsIn } from './steps.ts'
import { describedName, namesIn, onlyName, plainText, plainWords } from './words.ts'

/** A board, and the line of each of its parts. */
export interface WrittenBoard {
  readonly board: Board
  readonly lineOf: (part: object) => number
}

/** Throws `board_invalid` with everything that is wrong, each with its line. */
export function boardFromMarkdown(markdown: string): Board {
  return writtenBoard(markdown).board
}

/** Throws `board_invalid` with everything that is wrong, each with its line. */
export function writtenBoard(markdown: string): WrittenBoard {
  const findings = new BoardFindings()
  const reader = new BoardReader(findings)
  const board = reader.board(sectionsOf(outlineOf(markdown), findings))
  findings.assertNone()
  return { board, lineOf: (part) => reader.lines.get(part) ?? 1 }
}

class BoardReader {
  readonly lines = new WeakMap<object, number>()
  readonly #findings: BoardFindings

  constructor(findings: BoardFindings) {
    this.#findings = findings
  }

  board(sections: readonly Section[]): Board {
    const [head, ...others] = sections.filter(({ level }) => level === 1)
    if (!head) this.#findings.add(1, 'The board has no name. Begin with "# shop".')
    for (const { line, title } of others)
      this.#findings.unexpected(
        { line, text: `# ${title}` },
        'one heading of level 1. Sections have level 2, as in "## Aggregate: order".',
      )
    if (head) this.#only(head, [])
    for (const item of head?.items ?? [])
      this.#findings.unexpected(item, 'a section, as in "## Aggregate: order", above this list.')
    const board = {
      name: head ? this.#title(head, head.title) : '',
      description: head ? this.#description(head) : null,
      lanes: [] as BoardLane[],
      models: [] as Board['models'][number][],
      policies: [] as Board['policies'][number][],
      sagas: [] as BoardSaga[],
      readModels: [] as Board['readModels'][number][],
      reactions: [] as BoardListener[],
      subscriptions: [] as BoardListener[],
      hotSpots: [] as string[],
    }
    const seen = new Map<string, number>()
    for (const section of sections.filter(({ level }) => level === 2)) {
      const [, title = '', name = ''] = /^([^:]*)(?::\s*(.*))?$/.exec(section.title) ?? []
      const kind = plainWords(title).toLowerCase()
      const before = seen.get(`${kind}: ${plainWords(name)}`)
      if (before !== undefined)
        this.#findings.add(section.line, `"${section.title}" stands in line ${before} too. Write it once.`)
      seen.set(`${kind}: ${plainWords(name)}`, section.line)
      const laneKind = laneKinds[kind]
      if (laneKind) board.lanes.push(this.#lane(section, laneKind, name))
      else if (kind === 'saga') board.sagas.push(this.#saga(section, name))
      else if (kind === 'read model') board.readModels.push(this.#readModel(section, name))
      else if (kind === 'decision model')
        board.models.push(this.#listener(section, name, { by: /^by\s+(.*)$/is, on: onForm }))
      else if (kind === 'policy')
        board.policies.push(this.#listener(section, name, { on: onForm, sends: /^sends\s+(.*)$/is }))
      else if (kind === 'reaction') board.reactions.push(this.#listener(section, name, { on: onForm }))
      else if (kind === 'subscription') board.subscriptions.push(this.#listener(section, name, { on: onForm }))
      else if (kind === 'hot spots') {
        this.#only(section, [])
        board.hotSpots.push(...[...section.text, ...section.items].map(({ text }) => plainText(text)))
      } else this.#findings.unexpected({ line: section.line, text: `## ${section.title}` }, sectionsKnown)
    }
    return board
  }

  #lane(section: Section, kind: BoardLane['kind'], title: string): BoardLane {
    const unique: [string, string][] = []
    for (const item of section.items) {
      const [, member, reason] = /^unique\s+(.*?)\s+refuses\s+(.*)$/i.exec(plainWords(item.text)) ?? []
      const [a, b] = [onlyName(member ?? ''), onlyName(reason ?? '')]
      if (kind === 'aggregate' && a !== undefined && b !== undefined) unique.push([a, b])
      else
        this.#findings.unexpected(
          item,
          kind === 'aggregate'
            ? '"unique MEMBER refuses NAME", or "### Commands" or "### Events" above this list.'
            : '"### Commands" or "### Events" above this list.',
        )
    }
    const known = kind === 'elsewhere' ? ['Events'] : ['Commands', 'Events']
    const lists = this.#only(section, known)
    const name = kind === 'elsewhere' ? 'elsewhere' : this.#title(section, title)
    return this.#at(section, {
      kind,
      name,
      description: this.#description(section),
      unique: Object.fromEntries(unique),
      commands: lists('Commands').flatMap((item) => this.#command(item) ?? []),
      events: lists('Events').flatMap((item) => this.#event(item) ?? []),
    })
  }

  #command(item: OutlineItem): BoardCommand | undefined {
    const named = describedName(item.text)
    if (!named) return void this.#findings.unexpected(item, nameExpected('PlaceOrder', 'The customer is sure.'))
    const words: Record<'emits' | 'refuses' | 'consults', readonly string[]> = { emits: [], refuses: [], consults: [] }
    let call: string | null = null
    let isInternal = false
    const fields = item.items.filter((each) => {
      if (isFieldLike(each)) return true
      const text = plainWords(each.text)
      const [, verb = '', rest = ''] = /^(\w+)(?:\s+(.*))?$/s.exec(text) ?? []
      const word = verb.toLowerCase()
      const names = namesIn(rest)
      if (word === 'internal' && rest === '') isInternal = true
      else if (word === 'calls' && rest !== '') call = plainText(each.text).replaceAll('`', '').slice('calls '.length)
      else if (isWord(word, words) && names) words[word] = [...new Set([...words[word], ...names])]
      else
        this.#findings.unexpected(
          each,
          'a field ("- customer: text"), "emits NAMES", "refuses NAMES", "consults NAMES", "calls POST /path" or "internal". Names have commas between; one with spaces is in quotes.',
        )
      return false
    })
    return this.#at(item, { ...named, fields: fieldsIn(fields, this.#findings), ...words, isInternal, call })
  }

  #event(item: OutlineItem): BoardEvent | undefined {
    const named = describedName(item.text)
    if (!named) return void this.#findings.unexpected(item, nameExpected('OrderPlaced', 'A customer ordered.'))
    return this.#at(item, { ...named, fields: fieldsIn(item.items, this.#findings) })
  }

  #saga(section: Section, title: string): BoardSaga {
    const lists = this.#only(section, ['Steps'])
    let data: BoardSaga['data'] = null
    const found = this.#words(section, {
      startsOn: /^starts on\s+(.*)$/is,
      data: /^(started by another saga)$/i,
      cancelsOn: /^cancelled by\s+(.*)$/is,
      owner: /^owner\s+(.*)$/is,
      onCompleted: /^in the end sends\s+(.*)$/is,
      onCompensated: /^when all is taken back sends\s+(.*)$/is,
    })
    const [parent] = found.data
    if (parent) data = fieldsIn(parent.item.items, this.#findings)
    return this.#at(section, {
      name: this.#title(section, title),
      description: this.#description(section),
      owner: found.owner[0] ? plainText(found.owner[0].item.text).slice('owner '.length).trim() : null,
      startsOn: this.#names(found.startsOn),
      data,
      cancelsOn: this.#names(found.cancelsOn),
      steps: stepsIn(lists('Steps'), this.#findings),
      onCompleted: this.#names(found.onCompleted)[0] ?? null,
      onCompensated: this.#names(found.onCompensated)[0] ?? null,
    })
  }

  #readModel(section: Section, title: string): Board['readModels'][number] {
    this.#only(section, [])
    const columns = section.items.filter(isFieldLike)
    const others = { ...section, items: section.items.filter((item) => !isFieldLike(item)) }
    const { history, on } = this.#words(others, { history: /^(keeps its past)$/i, on: onForm })
    return this.#at(section, {
      name: this.#title(section, title),
      description: this.#description(section),
      columns: columnsIn(columns, this.#findings),
      history: history.length > 0,
      on: this.#names(on),
    })
  }

  #listener<Word extends string>(section: Section, title: string, words: Readonly<Record<Word, RegExp>>) {
    this.#only(section, [])
    const found = Object.entries<Found[]>(this.#words(section, words))
    const lists = Object.fromEntries(found.map(([word, each]) => [word, this.#names(each)]))
    const name = this.#title(section, title)
    return this.#at(section, { name, description: this.#description(section), ...lists }) as BoardListener &
      Record<Word, readonly string[]>
  }

  /** The items of a section by what they say. */
  #words<Word extends string>(section: OutlinePart, forms: Readonly<Record<Word, RegExp>>): Record<Word, Found[]> {
    const entries = Object.entries<RegExp>(forms)
    const found = Object.fromEntries(entries.map(([word]) => [word, [] as Found[]]))
    const known = entries.map(([, form]) => `"${form.source.replace(/[\^$()]/g, '').replace('\\s+.*', ' …')}"`)
    for (const item of section.items) {
      const text = plainWords(item.text)
      const [word, form] = entries.find(([, each]) => each.test(text)) ?? []
      if (word === undefined) this.#findings.unexpected(item, `${known.join(', ')}.`)
      else found[word]!.push({ item, rest: form!.exec(text)![1]! })
    }
    return found as Record<Word, Found[]>
  }

  #names(found: readonly Found[]): readonly string[] {
    const all = found.flatMap(({ item, rest }) => {
      const names = namesIn(rest)
      if (!names) this.#findings.unexpected(item, 'names with commas between. A name with spaces is in quotes.')
      return names ?? []
    })
    return [...new Set(all)]
  }

  /** The name in a heading may have spaces without quotes. */
  #title({ line }: OutlinePart, text: string): string {
    const words = plainWords(text)
    if (words === '') this.#findings.add(line, 'This heading needs a name, as in "## Aggregate: order".')
    return onlyName(words) ?? words
  }

  #description({ text }: OutlinePart): string | null {
    return text.length === 0 ? null : text.map((each) => plainText(each.text)).join(' ')
  }

  /** The items below the headings of level 3 that a section may have. */
  #only(section: Section, known: readonly string[]): (title: string) => readonly OutlineItem[] {
    const titleOf = ({ title }: OutlinePart) => plainWords(title).replace(/:$/, '').toLowerCase()
    const expected = known.length === 0 ? 'no heading of this level here.' : `"### ${known.join('" or "### ')}".`
    for (const part of section.parts) {
      const line = part.line
      if (!known.some((each) => each.toLowerCase() === titleOf(part)))
        this.#findings.unexpected({ line, text: `### ${part.title}` }, expected)
      for (const each of part.text) this.#findings.unexpected(each, 'a list, whose items begin with "- ".')
    }
    return (title) =>
      section.parts.filter((part) => titleOf(part) === title.toLowerCase()).flatMap(({ items }) => items)
  }

  #at<Part extends object>({ line }: { readonly line: number }, part: Part): Part {
    this.lines.set(part, line)
    return part
  }
}

interface Found {
  readonly item: OutlineItem
  readonly rest: string
}

function isWord<Word extends string>(word: string, words: Readonly<Record<Word, unknown>>): word is Word {
  return Object.hasOwn(words, word)
}

function nameExpected(name: string, description: string): string {
  return `a name without spaces, or in quotes, as in "- ${name}: ${description}"`
}

const onForm = /^on\s+(.*)$/is
const laneKinds: Readonly<Record<string, BoardLane['kind']>> = {
  aggregate: 'aggregate',
  'commands on facts': 'facts',
  'other system': 'system',
  service: 'service',
  'events from elsewhere': 'elsewhere',
}
const sectionsKnown =
  '"## Aggregate: NAME", "## Commands on facts: NAME", "## Other system: NAME", "## Service: NAME", "## Events from elsewhere", "## Decision model: NAME", "## Policy: NAME", "## Saga: NAME", "## Read model: NAME", "## Reaction: NAME", "## Subscription: NAME" or "## Hot spots".'
