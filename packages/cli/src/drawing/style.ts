// The colours of a diagram, and its font. Selectors begin with the class of the SVG: inside a page they reach nothing else.
const light = {
  ground: '#ffffff',
  box: '#f6f8fa',
  text: '#1f2328',
  line: '#57606a',
  dashed: '#a5370f',
  frame: '#afb8c1',
}
const dark = {
  ground: '#0d1117',
  box: '#161b22',
  text: '#e6edf3',
  line: '#9aa4af',
  dashed: '#f0883e',
  frame: '#484f58',
}

export const style = `
.indelible-diagram{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
.indelible-diagram .node>*,.indelible-diagram .edge path{stroke-width:1.5;stroke-linejoin:round}
.indelible-diagram text{stroke:none}
.indelible-diagram .edge path,.indelible-diagram .group rect{fill:none}
.indelible-diagram .dashed>path,.indelible-diagram .dashed>polygon{stroke-dasharray:5 4}
.indelible-diagram .edge>polygon{stroke:none}
.indelible-diagram .heading,.indelible-diagram .group{font-weight:600}
.indelible-diagram .label text,.indelible-diagram .group text{paint-order:stroke;stroke-width:5;stroke-linejoin:round}
${colours(light)}
@media (prefers-color-scheme:dark){
${colours(dark)}
}
`

function colours({ ground, box, text, line, dashed, frame }: typeof light): string {
  return `.indelible-diagram .ground rect{fill:${ground}}
.indelible-diagram text{fill:${text}}
.indelible-diagram .label text,.indelible-diagram .group text{stroke:${ground}}
.indelible-diagram .group rect{stroke:${frame}}
.indelible-diagram .node polygon,.indelible-diagram .node polyline{fill:${box};stroke:${line}}
.indelible-diagram .node.dashed polygon{stroke:${dashed}}
.indelible-diagram .edge path{stroke:${line}}
.indelible-diagram .edge polygon{fill:${line}}
.indelible-diagram .edge.dashed path{stroke:${dashed}}
.indelible-diagram .edge.dashed polygon{fill:${dashed}}`
}
