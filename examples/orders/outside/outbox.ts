// A fake mail server: a file with a line for each mail. It looks at the idempotency key, as a real one does.
import { appendFile, readFile } from 'node:fs/promises'

export interface Mail {
  readonly key: string
  readonly to: string
  readonly subject: string
}

/** Where mails go. */
export const outboxFile = () => process.env.ORDERS_OUTBOX ?? 'orders-outbox.jsonl'

export async function deliver(mail: Mail): Promise<void> {
  const before = await mailsSent()
  if (before.some(({ key }) => key === mail.key)) return
  await appendFile(outboxFile(), `${JSON.stringify(mail)}\n`)
}

export async function mailsSent(): Promise<readonly Mail[]> {
  const text = await readFile(outboxFile(), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
