import { expect, test } from 'vitest'
import { loadPeer } from './peer.ts'

test('an error names the driver that is not installed, and says what to do', async () => {
  const missing = loadPeer('not-installed-driver', () => import('not-installed-driver' as string))
  await expect(missing).rejects.toMatchObject({
    code: 'invalid_declaration',
    message: 'The package "not-installed-driver" is missing: run "npm install not-installed-driver".',
  })
})

test('any other failure to load a driver is passed on unchanged', async () => {
  const broken = new Error('broken')
  await expect(loadPeer('pg', () => Promise.reject(broken))).rejects.toBe(broken)
})
