// Dashboard and alert rules are files that nothing compiles: this checks each query, each metric and each label in them against the lists of instruments.
import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { type Instrument, instruments } from 'indelible/adapter'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { httpInstruments } from './instruments.ts'
import { labelName, metricName } from './prometheus.ts'

const read = (file: string) => readFileSync(new URL(`../operations/${file}`, import.meta.url), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}
interface Panel {
  readonly title: string
  readonly type: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const { groups } = parse(read('alerts.yaml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { readonly panels: readonly Panel[] }
const queries = [
  ...rules.map(({ alert, expr, annotations }) => ({ where: `alert ${alert}`, expr, text: annotations.summary })),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: `panel ${title}`, expr, text: legendFormat })),
  ),
]

const listed: readonly Instrument[] = [...Object.values(instruments), ...Object.values(httpInstruments)]
/** The labels of each series. Prometheus itself adds `job` and `instance`. */
const series = new Map(
  listed.flatMap((instrument): [string, string[]][] => {
    const labels = [...instrument.attributes.map(labelName), 'job', 'instance']
    const name = metricName(instrument)
    if (instrument.kind !== 'histogram') return [[name, labels]]
    return [
      [`${name}_bucket`, [...labels, 'le']],
      [`${name}_sum`, labels],
      [`${name}_count`, labels],
    ]
  }),
)

/** What stands in a query, by the kind of its node in the grammar of PromQL. */
function nodesOf(expr: string): ReadonlyMap<string, readonly string[]> {
  // Grafana's own variables are no PromQL.
  const query = expr.replaceAll('$__rate_interval', '5m')
  const found = new Map<string, string[]>()
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      found.set(type.isError ? 'error' : type.name, [
        ...(found.get(type.isError ? 'error' : type.name) ?? []),
        query.slice(from, to),
      ])
    },
  })
  return found
}

test.each(queries)('the query of $where is PromQL, and names metrics and labels that exist', ({ expr, text }) => {
  const nodes = nodesOf(expr)
  expect(nodes.get('error')).toBe(undefined)
  const names = (nodes.get('VectorSelector') ?? []).map((selector) => /^\w+/.exec(selector)![0])
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => !series.has(name))).toEqual([])
  const known = new Set(names.flatMap((name) => series.get(name)!))
  const grouped = (nodes.get('GroupingLabels') ?? []).flatMap((labels) => labels.match(/\w+/g) ?? [])
  const matched = (nodes.get('UnquotedLabelMatcher') ?? []).map((matcher) => /^\w+/.exec(matcher)![0])
  const shown = [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label!)
  expect([...grouped, ...matched, ...shown].filter((label) => !known.has(label))).toEqual([])
  // What a summary shows must have been kept by the grouping.
  if (grouped.length > 0) expect(shown.filter((label) => !grouped.includes(label))).toEqual([])
})

test('the check finds what is wrong', () => {
  expect(nodesOf('sum by (job (up)').get('error')).toBeDefined()
  expect(nodesOf('rate(a{b="c"}[$__rate_interval])').get('UnquotedLabelMatcher')).toEqual(['b="c"'])
  expect(nodesOf('sum by (x, y) (a)').get('GroupingLabels')).toEqual(['(x, y)'])
})

test('the dashboard shows every metric', () => {
  const shown = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/\b[a-z]\w+/g) ?? []))
  const missing = listed
    .map(metricName)
    .filter((name) => !shown.some((each) => each.replace(/_(bucket|count)$/, '') === name))
  expect(missing).toEqual([])
})

test('every alert has a severity, a summary, and a runbook that is there', () => {
  const guide = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')
  const anchors = [...guide.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(' ', '-'))
  for (const { alert, labels, annotations } of rules) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)])
    const [page, anchor] = annotations.runbook.split('#')
    expect(page).toBe('observability.md')
    expect(anchors).toContain(anchor)
  }
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
})
