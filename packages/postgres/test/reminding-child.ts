// A process that shares the tenants: `ask TENANT ID` on its input asks for a reminder, `keep TENANT` keeps one open, `count` says how many it has open.
import { createInterface } from 'node:readline'
import { openTenants } from 'indelible'
import { operations } from 'indelible/operations'

const tenants = await openTenants(new URL('reminders.config.ts', import.meta.url))
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, tenant = '', id = ''] = line.split(' ')
  if (what === 'count') console.log(`open ${tenants.openNow}`)
  else if (what === 'keep') {
    void tenants.use(tenant, () => new Promise(() => {}))
    console.log(`kept ${tenant}`)
  } else {
    if (!(await tenants.list()).some((each) => each.tenant === tenant)) await tenants.create(tenant)
    const command = { category: 'reminder', id, command: 'Ask', input: {} }
    await tenants.run(operations.sendCommand, tenant, command, { principal: { actor: 'ann', isLocal: true } })
    console.log(`asked ${tenant}`)
  }
}
await tenants.close()
