// The colours of a diagram, and its font. Selectors begin with the class of the SVG: inside a page they reach nothing else. Roles have the colours of
// the notes of Event Storming; what a colour says, a shape, a line or a word says too.
import type { DiagramRole } from 'indelible/schema'

type Colours = Readonly<Record<'ground' | 'box' | 'text' | 'line' | 'dashed' | 'frame', string>>
/** The fill and the line of a note. */
type Notes = Readonly<Record<DiagramRole, readonly [fill: string, line: string]>>

const light: Colours = {
  ground: '#ffffff',
  box: '#f6f8fa',
  text: '#1f2328',
  line: '#57606a',
  dashed: '#a5370f',
  frame: '#afb8c1',
}
const lightNotes: Notes = {
  aggregate: ['#fff3bf', '#8a6a00'],
  command: ['#dbeafe', '#1d4ed8'],
  event: ['#ffe3c7', '#b8500a'],
  facts: ['#f1eedb', '#6b6323'],
  hotspot: ['#ffd9d9', '#b91c1c'],
  person: ['#fffbe0', '#8a6a00'],
  process: ['#ebdfff', '#6d28d9'],
  readmodel: ['#d5f5de', '#15803d'],
  success: ['#d5f5de', '#15803d'],
  system: ['#ffdfea', '#be185d'],
  takeback: ['#fff1e8', '#a5370f'],
  trouble: ['#ffd9d9', '#b91c1c'],
}
const dark: Colours = {
  ground: '#0d1117',
  box: '#161b22',
  text: '#e6edf3',
  line: '#9aa4af',
  dashed: '#f0883e',
  frame: '#484f58',
}
const darkNotes: Notes = {
  aggregate: ['#3a3108', '#e3c54a'],
  command: ['#10294d', '#6ea8fe'],
  event: ['#46290f', '#f0a35e'],
  facts: ['#2c2a14', '#c9c07a'],
  hotspot: ['#4a1517', '#ff8f8f'],
  person: ['#33301a', '#e3c54a'],
  process: ['#2f1f52', '#b79bf5'],
  readmodel: ['#10331f', '#5ccf84'],
  success: ['#10331f', '#5ccf84'],
  system: ['#47152b', '#f58bb0'],
  takeback: ['#33200f', '#f0883e'],
  trouble: ['#4a1517', '#ff8f8f'],
}

/** The colours as variables, for a page that has themes of its own. */
export const lightVariables = variables(light, lightNotes)
export const darkVariables = variables(dark, darkNotes)

/** What needs the variables. */
export const rules = `
.indelible-diagram{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
.indelible-diagram .node>*,.indelible-diagram .edge path{stroke-width:1.5;stroke-linejoin:round}
.indelible-diagram text{stroke:none;fill:var(--i-text)}
.indelible-diagram .edge path{fill:none;stroke:var(--i-line)}
.indelible-diagram .dashed>path,.indelible-diagram .dashed>polygon{stroke-dasharray:5 4}
.indelible-diagram .edge>polygon{stroke:none;fill:var(--i-line)}
.indelible-diagram .dotted>path,.indelible-diagram .dotted>polygon{stroke-dasharray:1.5 4.5;stroke-linecap:round;stroke-width:2}
.indelible-diagram .edge.dotted path{stroke:var(--i-trouble-line)}
.indelible-diagram .edge.dotted>polygon{fill:var(--i-trouble-line)}
.indelible-diagram .edge.dashed path{stroke:var(--i-dashed)}
.indelible-diagram .edge.dashed>polygon{fill:var(--i-dashed)}
.indelible-diagram .heading,.indelible-diagram .group{font-weight:600}
.indelible-diagram .ground rect{fill:var(--i-ground)}
.indelible-diagram .label text,.indelible-diagram .group text{paint-order:stroke;stroke:var(--i-ground);stroke-width:5;stroke-linejoin:round}
.indelible-diagram .lane rect{fill:var(--i-box);stroke:var(--i-frame)}
.indelible-diagram .group rect{fill:none;stroke:var(--i-frame)}
.indelible-diagram .node polygon,.indelible-diagram .node polyline{fill:var(--i-box);stroke:var(--i-line)}
.indelible-diagram .node.dashed polygon{stroke:var(--i-dashed)}
${Object.keys(lightNotes)
  .map(
    (role) => `.indelible-diagram .node.${role}>*{fill:var(--i-${role});stroke:var(--i-${role}-line)}
.indelible-diagram .node.${role}>text{fill:var(--i-text);stroke:none}
.indelible-diagram .group.${role} rect{stroke:var(--i-${role}-line)}`,
  )
  .join('\n')}
`

/** For a picture by itself. */
export const style = `
.indelible-diagram{${lightVariables}}
@media (prefers-color-scheme:dark){.indelible-diagram{${darkVariables}}}
${rules}`

function variables(colours: Colours, notes: Notes): string {
  return [
    ...Object.entries(colours).map(([name, colour]) => `--i-${name}:${colour}`),
    ...Object.entries(notes).flatMap(([role, [fill, line]]) => [`--i-${role}:${fill}`, `--i-${role}-line:${line}`]),
  ].join(';')
}
