// A fake mail server: a file with a line for each mail, and nothing is ever taken out. It looks at the idempotency key, as a real one does.
import { appendFile, readFile } from 'node:fs/promises'
import { outsideFile } from './place.ts'

export interface Mail {
  readonly key: string
  readonly to: string
  readonly subject: string
}

export async function deliver(mail: Mail, signal?: AbortSignal): Promise<void> {
  const sent = await mailsSent()
  signal?.throwIfAborted()
  if (sent.some(({ key }) => key === mail.key)) return
  await appendFile(outboxFile(), `${JSON.stringify(mail)}\n`)
}

export async function mailsSent(): Promise<readonly Mail[]> {
  const text = await readFile(outboxFile(), { encoding: 'utf8', flag: 'a+' })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const outboxFile = () => outsideFile('outbox.jsonl')
