// The tables of spans, attributes and metrics are made from the lists in the code.
import { readFileSync } from 'node:fs'
import { attributes, instruments, type SpanDefinition, spans } from 'indelible/adapter'
import { expect, test } from 'vitest'
import { httpInstruments } from '../packages/server/src/instruments.ts'
import { labelName, metricName } from '../packages/server/src/prometheus.ts'

const page = readFileSync('docs/observability.md', 'utf8')

function table(...rows: readonly (readonly string[])[]): string {
  const [head, ...others] = rows.map((cells) => `| ${cells.join(' | ')} |\n`)
  return `${head}${rows[0]!.map(() => '|---').join('')}|\n${others.join('')}`
}

const code = (text: string) => `\`${text}\``
const sentence = (text: string) => text.replace(/\.$/, '')
const causes = ({ parent, links }: SpanDefinition) =>
  [parent, links && `links to ${links}`].filter((each) => each !== '').join('; ')

test('the table of spans is that of the list', () => {
  const rows = Object.values(spans).map((span: SpanDefinition) => [
    code(span.name),
    span.kind,
    sentence(span.meaning),
    causes(span),
    span.attributes.map(code).join(', '),
  ])
  expect(page).toContain(table(['name', 'kind', 'what it is', 'continues', 'attributes'], ...rows))
})

test('the table of attributes is that of the list', () => {
  const rows = Object.entries(attributes).map(([name, meaning]) => [code(name), sentence(meaning)])
  expect(page).toContain(table(['attribute', 'meaning'], ...rows))
})

test('the table of metrics is that of the lists', () => {
  const rows = [...Object.values(instruments), ...Object.values(httpInstruments)].map((instrument) => [
    code(metricName(instrument)),
    code(instrument.name),
    instrument.kind,
    instrument.attributes.map((name) => code(labelName(name))).join(', '),
    sentence(instrument.meaning),
  ])
  expect(page).toContain(table(['Prometheus', 'OpenTelemetry', 'kind', 'labels', 'meaning'], ...rows))
})
