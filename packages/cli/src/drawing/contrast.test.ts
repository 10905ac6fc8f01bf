// What is drawn can be read in both themes: https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { darkVariables, lightVariables } from './index.ts'

const css = readFileSync(new URL('../documents/site/site.css', import.meta.url), 'utf8')
const ownOf = (block: RegExp) => variablesIn(block.exec(css)![1]!)
const themes = {
  light: { drawn: variablesIn(lightVariables), own: ownOf(/:root \{([^}]*--link[^}]*)\}/) },
  dark: { drawn: variablesIn(darkVariables), own: ownOf(/data-theme="?dark"?\] \{([^}]*--link[^}]*)\}/) },
}

test.each(Object.entries(themes))('%s: text has a contrast of 4.5, and lines one of 3', (_name, { drawn, own }) => {
  const { 'i-ground': ground, 'i-text': text } = drawn as { 'i-ground': string; 'i-text': string }
  const notes = Object.keys(drawn).filter((name) => name.endsWith('-line') && name !== 'i-line')
  expect(notes.length).toBeGreaterThan(10)
  const low = [
    ...notes.flatMap((line) => {
      const fill = drawn[line.replace(/-line$/, '')]!
      return [
        [line, 'text', contrast(text, fill), 4.5],
        [line, 'line', contrast(drawn[line]!, ground), 3],
      ] as const
    }),
    ...[ground, drawn['i-box']!].flatMap((behind) => [
      ['text', behind, contrast(text, behind), 4.5] as const,
      ...['i-line', 'i-dashed'].map((line) => [line, behind, contrast(drawn[line]!, behind), 3] as const),
    ]),
    ...[ground, own.soft!].flatMap((behind) =>
      ['link', 'muted'].map((name) => [name, behind, contrast(own[name]!, behind), 4.5] as const),
    ),
    ['mark', 'its ground', contrast(own.mark!, own['mark-ground']!), 4.5] as const,
  ].filter(([, , has, least]) => has < least)
  expect(low).toEqual([])
})

function variablesIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, colour]) => [name!, colour!]),
  )
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
