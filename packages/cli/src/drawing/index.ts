// Diagrams as pictures: a layout, then SVG.
export { boardSvgOf } from './board-svg.ts'
export { svgOf } from './svg.ts'
