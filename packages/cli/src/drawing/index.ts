// Diagrams as pictures: a layout, then SVG.
export { boardSvgOf } from './board-svg.ts'
export { addressOf, hrefOf } from './elements.ts'
export { darkVariables, lightVariables, rules } from './style.ts'
export { svgOf } from './svg.ts'
