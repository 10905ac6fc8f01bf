// A process that shares the tenants: `ask TENANT` on its input asks for a reminder, `count` says how many tenants it has open.
import { createInterface } from 'node:readline'
import { openTenants } from 'indelible'
import { operations } from 'indelible/operations'

const tenants = await openTenants(new URL('reminders.config.ts', import.meta.url))
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, tenant] = line.split(' ')
  if (what === 'count') console.log(`open ${tenants.openNow}`)
  else {
    await tenants.create(tenant!)
    const command = { category: 'reminder', id: 'r1', command: 'Ask', input: {} }
    await tenants.run(operations.sendCommand, tenant!, command, { principal: { actor: 'ann', isLocal: true } })
    console.log(`asked ${tenant}`)
  }
}
await tenants.close()
