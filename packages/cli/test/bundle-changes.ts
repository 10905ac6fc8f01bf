// Changes of a bundle of nine events that somebody makes who knows how, and as what each must be found.
import { type ExactEvent, eventOfExact, leafOf, newSignerKey, type ProvedLine, signNote } from 'indelible/proofs'
import type { FindingKind } from '../src/evidence/findings.ts'
import { type Bundle, linesIn, textOfLines } from './bundles.ts'

export interface BundleChange {
  readonly what: string
  /** The new contents of files; undefined for one that is removed. */
  readonly files: Readonly<Record<string, string | undefined>>
  readonly kind: FindingKind
  readonly message: string
}

export function changesOf(good: Bundle): readonly BundleChange[] {
  return [...changedEvents(good), ...changedOrder(good), ...changedCheckpoints(good), ...changedTexts(good)]
}

function changedEvents(good: Bundle): readonly BundleChange[] {
  const lines = linesIn(good).map((line): ProvedLine => JSON.parse(line))
  const withLine = (at: number, line: object) => eventLines(lines.with(at, line as ProvedLine))
  const withEvent = (at: number, change: Partial<ExactEvent>) =>
    withLine(at, { ...lines[at], event: { ...lines[at]!.event, ...change } })
  const { event } = lines[2]!
  const signed = 'eventChanged'
  const forged = { ...lines[4]!.event, data: '{"amount":1000000}' }
  const forgedLeaf = Buffer.from(leafOf(eventOfExact(forged))).toString('base64')
  const notProved = 'Version 5 is not proved: it was changed together with its leaf, or its proof was.'
  const notALine = 'Line 5 is not an event with its proof.'
  return [
    row(
      'other data',
      withEvent(2, { data: event.data!.replace('2', '9') }),
      signed,
      'Version 3 is not as it was signed: data.',
    ),
    row(
      'another actor',
      withEvent(2, { metadata: event.metadata.replace('ann', 'bob') }),
      signed,
      'Version 3 is not as it was signed: metadata.',
    ),
    row(
      'another time',
      withEvent(3, { recordedAt: '2020-01-01T00:00:00.000Z' }),
      signed,
      'Version 4 is not as it was signed: recordedAt.',
    ),
    row('other tags', withEvent(3, { tags: ['owner:bob'] }), signed, 'Version 4 is not as it was signed: tags.'),
    row('another type', withEvent(3, { type: 'Stolen' }), signed, 'Version 4 is not as it was signed: type.'),
    row(
      'another time of validity',
      withEvent(3, { validAt: '1993-02-01' }),
      signed,
      'Version 4 is not as it was signed: validAt.',
    ),
    row(
      'other data with a leaf that fits',
      withLine(4, { ...lines[4], event: forged, leaf: forgedLeaf }),
      'notProved',
      notProved,
    ),
    row('the leaf of another event', withLine(4, { ...lines[4], leaf: lines[3]!.leaf }), 'notProved', notProved),
    row('no hashes', withLine(4, { ...lines[4], proof: { hashes: [], shared: 0 } }), 'notProved', notProved),
    row('no proof', withLine(4, { event: lines[4]!.event, leaf: lines[4]!.leaf }), 'lineInvalid', notALine),
    row('a member more', withLine(4, { ...lines[4], note: 'x' }), 'lineInvalid', notALine),
    row('a member of the event more', withEvent(4, { note: 'x' } as object), 'lineInvalid', notALine),
  ]
}

function changedOrder(good: Bundle): readonly BundleChange[] {
  const lines = linesIn(good)
  const file = (changed: readonly string[]) => ({ 'events.ndjson': textOfLines(changed) })
  const keys = linesIn(good, 'keys.ndjson')
  return [
    row('white space in a line', file(lines.with(5, lines[5]!.replace(',', ', '))), 'lineInvalid', 'Line 6'),
    row(
      'an event left out in the middle',
      file(lines.toSpliced(3, 1)),
      'eventMissing',
      'Version 4 is missing before line 4.',
    ),
    row(
      'several left out',
      file(lines.toSpliced(3, 3)),
      'eventMissing',
      'The versions 4 to 6 are missing before line 4.',
    ),
    row('the first left out', file(lines.slice(1)), 'eventMissing', 'Version 1 is missing before line 1.'),
    row('the last left out', file(lines.slice(0, -1)), 'contentChanged', 'about.json does not say what the events'),
    row('an event twice', file(lines.toSpliced(3, 0, lines[3]!)), 'outOfOrder', 'Line 5 is not in its place'),
    row(
      'events in another order',
      file(lines.toSpliced(3, 2, lines[4]!, lines[3]!)),
      'eventMissing',
      'Version 4 is missing',
    ),
    row('no events', file([]), 'eventMissing', 'events.ndjson has no events.'),
    row(
      'an event of another stream',
      file([...lines, keys[0]!]),
      'otherStream',
      'Line 10 is an event of $operator-$tree, not of account-1.',
    ),
    row('no record of keys', { 'keys.ndjson': '' }, 'eventMissing', 'keys.ndjson has no events.'),
    row(
      'other events as the record of keys',
      { 'keys.ndjson': textOfLines(lines) },
      'otherStream',
      'not of $operator-$tree',
    ),
  ]
}

function changedCheckpoints(good: Bundle): readonly BundleChange[] {
  const note = good.get('checkpoint')!.toString()
  const file = (checkpoint: string) => ({ checkpoint })
  const forged = signNote(note.slice(0, note.indexOf('\n\n') + 1), [newSignerKey('bank.example/log')], 0)
  const wrong = 'The signature of bank.example/log is wrong: the checkpoint was changed.'
  const unknown = 'No key that bank.example/log records in keys.ndjson has signed the checkpoint.'
  const otherSignature = note.replace(/[^=]{9}(=*\n)$/, 'AAAAAAAAA$1')
  return [
    row('another size in the checkpoint', file(note.replace('\n19\n', '\n18\n')), 'signatureWrong', wrong),
    row('another signature', file(otherSignature), 'signatureWrong', wrong),
    row('the signature of another key', file(forged), 'keyUnknown', unknown),
    row('no checkpoint in its file', file('nothing'), 'checkpointInvalid', 'The checkpoint cannot be read'),
  ]
}

function changedTexts(good: Bundle): readonly BundleChange[] {
  const text = (name: string) => good.get(name)!.toString()
  const edited = (name: string, from: string, to: string) => ({ [name]: text(name).replace(from, to) })
  const sums = text('SHA256SUMS')
  const more = `${sums}${'0'.repeat(64)}  virus.exe\n`
  const content = 'contentChanged'
  return [
    row(
      'another page',
      edited('index.html', 'ann', 'bob'),
      content,
      'index.html does not say what the events and the checkpoint say.',
    ),
    row('other instructions', { 'README.txt': 'Trust me.' }, content, 'README.txt does not say'),
    row('another program', { 'check.py': 'print("all is right")' }, content, 'check.py does not say'),
    row('other figures', edited('about.json', '"events": 9', '"events": 8'), content, 'about.json does not say'),
    row(
      'other marks of code',
      edited('declarations.json', '00ff', '11ff'),
      content,
      'declarations.json names other types or code',
    ),
    row('a file missing', { 'keys.ndjson': undefined }, 'fileMissing', 'keys.ndjson is missing.'),
    row(
      'a file with another sum',
      { 'index.html': 'x', SHA256SUMS: sums },
      'fileChanged',
      'index.html is not the file that SHA256SUMS names.',
    ),
    row('a sum more', { SHA256SUMS: more }, 'fileChanged', 'SHA256SUMS names other files'),
  ]
}

function row(what: string, files: BundleChange['files'], kind: FindingKind, message: string): BundleChange {
  return { what, files, kind, message }
}

function eventLines(lines: readonly ProvedLine[]): BundleChange['files'] {
  return { 'events.ndjson': textOfLines(lines.map((line) => JSON.stringify(line))) }
}
