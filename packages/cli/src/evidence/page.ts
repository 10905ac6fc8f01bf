// The page of a bundle, for people: what the events are, what is proved, and what is not. One file that loads nothing.
import type { RecordedEvent } from 'indelible'
import { escapeControls, formatCount } from '../output/index.ts'
import type { About } from './about.ts'
import { shownCharactersMax } from './limits.ts'
import type { SignatureLine } from './signatures.ts'
import type { Summary } from './summary.ts'

export interface PageContent {
  readonly about: About
  readonly summary: Summary
  readonly signatures: readonly SignatureLine[]
}

export function pageText({ about, summary, signatures }: PageContent): string {
  const { stream, events, log, size, root, madeAt, madeBy } = about
  const others = signatures.filter(({ name }) => name !== log)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence: ${html(stream)}</title>
<style>${style}</style>
<h1>The history of ${html(stream)}</h1>
<p>This is what the log <b>${html(log)}</b> recorded of <b>${html(stream)}</b>, from ${time(about.firstRecordedAt)} to ${time(about.lastRecordedAt)}: ${formatCount(events, 'event')}.
An event is something that happened, as a computer system recorded it at that time. The log only grows: an event in it is never changed or removed, and a mistake is corrected by a further event.</p>

<h2>What is proved</h2>
<ul>
<li>Each event was in the log when the log was signed, exactly as it is here: what was recorded, when, by whom, and in which order. If a single character had been changed since, the check would fail.</li>
<li>The events are numbered from 1 to ${number(events)} without a gap, so none is left out between the first and the last.</li>
<li>The log had ${formatCount(size, 'event')} of all kinds then, and the signature covers all of them.</li>${
    others.length === 0
      ? ''
      : `
<li>${others.map(({ name }) => `<b>${html(name)}</b>`).join(', ')} also signed this state of the log. Whether that signature is right can be checked with the public key of who made it.</li>`
  }
</ul>

<h2>What is not proved</h2>
<ul>
<li>That there is no later event. The log may have gone on after number ${number(events)}. This page shows it as it was when it was signed, which may be some time before this bundle was made.</li>
<li>That what was recorded is true. The proof is about the record, not about the world.</li>
<li>That the clock was right. The times are those of the computer that recorded the events.</li>
<li>Who holds the key. Compare the public key below with one that you got in another way.</li>
<li>This page. It is not signed; it only shows what is in the file events.ndjson. <code>indelible evidence verify</code> compares the two.</li>
</ul>

<h2>How to check it</h2>
<p>With the program: <code>indelible evidence verify FILE.zip --key KEY</code>. Without it: unpack the file and run <code>python3 check.py</code>. README.txt explains every step.</p>

<h2>The signature</h2>
<table>
<tr><th>Log<td>${html(log)}
<tr><th>Events that were signed<td>${number(size)}
<tr><th>Root of their tree<td><code>${html(root)}</code>
${signatures.map(({ name, key }) => `<tr><th>Signed by<td>${html(name)}${key ? `<br>public key <code>${html(key)}</code>` : ' (its public key is not in this bundle)'}`).join('\n')}
<tr><th>This bundle was made<td>${time(madeAt)}, by ${html(madeBy)}
</table>

<h2>The events</h2>
${summary.shown.length < events ? `<p>The first ${number(summary.shown.length)} of ${number(events)}. All are in the file events.ndjson.</p>\n` : ''}<table class="events">
<thead><tr><th>No.<th>Recorded (UTC)<th>What<th>Data<th>By, and why
<tbody>
${summary.shown.map(eventRow).join('\n')}
</table>

<h2>The code behind the events</h2>
<table>
${summary.types.map(({ type, schemaVersions }) => `<tr><th>${html(type)}<td>recorded in version ${schemaVersions.join(', ')} of its schema`).join('\n')}
${summary.commands.map(({ command, code }) => `<tr><th>${html(command)}<td>decided by the code with the mark ${code.map(html).join(', ')}`).join('\n')}
</table>
<p>The schemas, as far as they were known when the bundle was made, are in the file declarations.json. They are not signed.</p>
</html>
`
}

function eventRow(event: RecordedEvent): string {
  const { version, position, recordedAt, validAt, type, metadata, contentType, dataBytes } = event
  const { actor, reason, command } = metadata
  const isBinary = event.data instanceof Uint8Array
  // A long one is cut anyway.
  const isPretty = !isBinary && dataBytes.length <= shownCharactersMax
  const shown = isPretty ? JSON.stringify(event.data, undefined, 1) : textOf(dataBytes)
  const why = [
    ...(actor === undefined ? [] : [html(cut(String(actor)))]),
    ...(command?.type === undefined ? [] : [`command ${html(cut(String(command.type)))}`]),
    ...(reason === undefined ? [] : [`“${html(cut(String(reason)))}”`]),
  ]
  return (
    `<tr><td>${number(version)}<td>${time(recordedAt)}${validAt === undefined ? '' : `<br>true from ${html(validAt)}`}<td>${html(type)}<br><small>position ${number(position)}</small>` +
    `<td><pre>${html(cut(shown))}</pre>${isBinary ? `<small>${html(contentType)}, ${number(dataBytes.length)} bytes</small>` : ''}<td>${why.join('<br>')}`
  )
}

function textOf(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 4 * shownCharactersMax)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(start, { stream: true })
  } catch {
    return Buffer.from(start).toString('hex')
  }
}

function cut(text: string): string {
  const characters = [...text.slice(0, 2 * shownCharactersMax)]
  return characters.length <= shownCharactersMax
    ? text.slice(0, 2 * shownCharactersMax)
    : `${characters.slice(0, shownCharactersMax).join('')} … (the rest is in events.ndjson)`
}

/** Escapes what means something in HTML, and characters that hide or turn text. Line feeds stay. */
function html(text: string): string {
  return text
    .split('\n')
    .map(escapeControls)
    .join('\n')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function time(at: string): string {
  return html(at.replace('T', ' ').replace('Z', ' UTC'))
}

const style = `
body { font: 16px/1.5 Georgia, serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }
code, pre { font: .85em/1.4 monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0 }
.events { font-size: .9em } thead { display: table-header-group } tr { break-inside: avoid }
@media print { body { max-width: none; margin: 0 } a { color: inherit } }
`
