import { expect, test } from 'vitest'
import { loadPeer } from './peer.ts'

test('a driver that is not installed is named, with what to do', async () => {
  const missing = loadPeer('not-installed-driver', () => import('not-installed-driver' as string))
  await expect(missing).rejects.toMatchObject({
    code: 'invalid_declaration',
    message: 'The package "not-installed-driver" is missing: run "npm install not-installed-driver".',
  })
})

test('any other failure to load a driver comes as it is', async () => {
  const broken = new Error('broken')
  await expect(loadPeer('pg', () => Promise.reject(broken))).rejects.toBe(broken)
})
