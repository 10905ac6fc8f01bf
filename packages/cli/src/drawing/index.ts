// Diagrams as pictures: a layout, then SVG.
export { svgOf } from './svg.ts'
