// Sagas as SVG, of any form: everything is there, nothing lies over anything else, and the file is well-formed whatever the names are.
import fc from 'fast-check'
import {
  type Diagram,
  type NodeDescription,
  type SagaDescription,
  type SystemDescription,
  sagaDiagram,
} from 'indelible/schema'
import { describe, expect, test } from 'vitest'
import { crossedBoxes, isInside, overlap, parseXml, partsOf } from '../../test/drawn.ts'
import { svgOf } from './index.ts'

const runs = process.env.INDELIBLE_LONG ? 5000 : 40

describe('any saga', () => {
  const drawn = (check: (diagram: Diagram, svg: string) => void) =>
    fc.assert(
      fc.property(anySaga(), (diagram) => check(diagram, svgOf(diagram))),
      { numRuns: runs },
    )

  test('has all its nodes, groups, edges and labels in the picture', () => {
    drawn((diagram, svg) => {
      const { nodes, frames, edges, labels } = partsOf(parseXml(svg))
      const { leaves, groups } = countIn(diagram.nodes)
      expect([nodes.length, frames.length, edges.length]).toEqual([leaves, groups, diagram.edges.length])
      expect(edges.filter(({ isDashed }) => isDashed)).toHaveLength(
        diagram.edges.filter(({ line }) => line === 'dashed').length,
      )
      expect(labels).toHaveLength(1 + diagram.edges.filter(({ label }) => label !== undefined).length)
    })
  })

  test('has no box, label or title over another, no text outside its box, and nothing outside the picture', () => {
    drawn((_, svg) => {
      const { view, nodes, frames, labels } = partsOf(parseXml(svg))
      const standing = [...nodes, ...labels, ...frames.map(({ title }) => title)]
      const overlaps = standing.flatMap((one, index) =>
        standing
          .slice(index + 1)
          .filter((other) => overlap(one, other))
          .map(({ what }) => `${one.what} / ${what}`),
      )
      expect(overlaps).toEqual([])
      for (const node of nodes) for (const text of node.texts) expect(isInside(text, node), text.what).toBe(true)
      for (const frame of frames) expect(isInside(frame.title, frame), frame.what).toBe(true)
      for (const each of [...standing, ...frames]) expect(isInside(each, view), each.what).toBe(true)
    })
  })

  test('has no line through a box', () => {
    drawn((_, svg) => {
      expect(crossedBoxes(partsOf(parseXml(svg)))).toEqual([])
    })
  })

  test('has what is outside a group outside its frame', () => {
    drawn((diagram, svg) => {
      const { nodes, frames } = partsOf(parseXml(svg))
      const inside = frames.map((frame) => nodes.filter((node) => isInside(node, frame)).length)
      const touched = frames.map((frame) => nodes.filter((node) => overlap(node, frame)).length)
      const members = groupsIn(diagram.nodes).map(({ nodes }) => countIn(nodes).leaves)
      expect({ inside, touched }).toEqual({ inside: members, touched: members })
    })
  })

  test('is the same bytes each time', () => {
    drawn((diagram, svg) => {
      expect(svgOf(structuredClone(diagram))).toBe(svg)
    })
  })
})

test('a name is text, whatever it contains', () => {
  const text = '</text><script>alert("1")</script>&amp; \u0000\u001b[31m\ud800 <!-- ]]>'
  const node = { shape: 'box', line: 'solid' } as const
  const nodes = [
    { id: 'a', texts: [text], ...node },
    { id: 'g', shape: 'group', title: text, nodes: [{ id: 'b', texts: ['b', text], ...node }] },
  ] as const
  const edges = [{ from: 'a', to: 'b', label: text, line: 'dashed', isBack: false }] as const
  const svg = svgOf({ title: text, about: text, nodes, edges })
  expect(namesIn(parseXml(svg))).toEqual(
    new Set(['svg', 'title', 'desc', 'style', 'g', 'rect', 'text', 'path', 'polygon']),
  )
  expect(svg).not.toMatch(/<script|<!--/)
})

test('nothing outside the file is needed, and it is told in words', () => {
  const svg = svgOf(diagramOf({ flow: [step('pay')] }))
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|@font-face|<script|href/)
  expect(svg).toContain('@media (prefers-color-scheme:dark)')
  const [title, desc] = parseXml(svg).children
  expect(title).toMatchObject({ name: 'title', text: 'Saga any' })
  expect(desc!.text.split('\n')).toEqual([
    'Solid lines lead to success. Dashed lines take back.',
    'Asked → pay, Pay',
    'pay, Pay → completed',
    'pay, Pay → compensated (dashed, TooLittle, Closed)',
  ])
})

test('long text is broken at spaces, then within words', () => {
  const texts = [
    'one line that is longer than a box should ever be',
    'AnEventWithAVeryLongNameThatNobodyWouldReadAloud',
    'x'.repeat(70),
  ]
  const node = { id: 'a', shape: 'box', texts, line: 'solid' } as const
  const [drawn] = partsOf(parseXml(svgOf({ title: '', about: '', nodes: [node], edges: [] }))).nodes
  expect(drawn!.texts.map(({ what }) => what)).toEqual([
    'one line that is longer than a box',
    'should ever be',
    'AnEventWithAVeryLongNameThatNobody',
    'WouldReadAloud',
    'x'.repeat(34),
    'x'.repeat(34),
    'xx',
  ])
})

const refuses = [{ reason: 'TooLittle' }, { reason: 'Closed' }]
const commands = [{ category: 'till', type: 'Pay', refuses }] as unknown as SystemDescription['commands']
const pay = { category: 'till', type: 'Pay' }

function step(name: string): NodeDescription {
  return { kind: 'step', name, sends: pay, continueOn: [], compensatesWith: null, timeout: null }
}

function diagramOf(saga: Partial<SagaDescription>): Diagram {
  const rest = { name: 'any', version: 1, description: null, owner: null, data: null, from: 'now', flow: [] } as const
  const starts = { startsOn: ['Asked'], cancelsOn: [], onCompleted: null, onCompensated: null }
  return sagaDiagram({ ...rest, ...starts, ...saga }, { commands, remotes: [], activities: [] })
}

function anySaga(): fc.Arbitrary<Diagram> {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.constantFrom('reserve', 'waitForTheParcelToBeDelivered', '支払い'),
  )
  const command = fc.option(fc.constant(pay))
  const limits = {
    within: fc.constantFrom('forever', '30m'),
    otherwise: fc.constantFrom('compensate' as const, 'continue' as const),
  }
  const { flow } = fc.letrec<{
    flow: readonly NodeDescription[]
    node: NodeDescription
    branches: Record<string, readonly NodeDescription[]>
  }>((tie) => ({
    flow: fc.array(tie('node'), { maxLength: 4, depthIdentifier: 'saga' }),
    branches: fc.dictionary(name, tie('flow'), { minKeys: 1, maxKeys: 3 }),
    node: fc.oneof(
      { depthSize: 'small', maxDepth: 3, depthIdentifier: 'saga' },
      fc.record({
        kind: fc.constant('step' as const),
        name,
        sends: fc.constant(pay),
        continueOn: fc.subarray(['Closed']),
        compensatesWith: command,
        timeout: fc.option(fc.constant('1m')),
      }),
      fc.record({ kind: fc.constant('await' as const), name, event: name, ...limits }),
      fc.record({ kind: fc.constant('ask' as const), name, ...limits }),
      fc.record({ kind: fc.constant('sleep' as const), name, for: fc.option(fc.constant('1h')) }),
      fc.record({ kind: fc.constant('child' as const), name, saga: name, compensatesWith: command }),
      fc.record({ kind: fc.constant('each' as const), name, atOnce: fc.nat(), flow: tie('flow') }),
      fc.record({ kind: fc.constantFrom('parallel' as const, 'choose' as const), name, branches: tie('branches') }),
    ),
  }))
  const events = fc.array(name, { maxLength: 3 })
  return fc
    .record({ name, flow, startsOn: events, cancelsOn: events, onCompleted: command, onCompensated: command })
    .map(diagramOf)
}

function groupsIn(nodes: Diagram['nodes']): readonly { readonly nodes: Diagram['nodes'] }[] {
  return nodes.flatMap((node) => (node.shape === 'group' ? [node, ...groupsIn(node.nodes)] : []))
}

function countIn(nodes: Diagram['nodes']): { readonly leaves: number; readonly groups: number } {
  const groups = groupsIn(nodes)
  const leaves = [{ nodes }, ...groups].flatMap((each) => each.nodes.filter(({ shape }) => shape !== 'group'))
  return { leaves: leaves.length, groups: groups.length }
}

function namesIn({ name, children }: ReturnType<typeof parseXml>): Set<string> {
  return new Set([name, ...children.flatMap((child) => [...namesIn(child)])])
}
