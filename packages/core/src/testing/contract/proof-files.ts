// What every store of the files of the Merkle tree promises, as cases to run.
import assert from 'node:assert/strict'
import type { ProofFiles } from '../../store/proof-files.ts'
import type { ContractCase } from './contract-case.ts'

/** A store of files, and the same files as another process would see them. */
export interface ProofFilesSubject {
  readonly files: ProofFiles
  again(): Promise<ProofFiles>
}

const bytes = (...numbers: number[]) => Uint8Array.from(numbers)

/** Each case needs a new, empty store. */
export const proofFilesContract: readonly ContractCase<ProofFilesSubject>[] = [
  {
    name: 'of a file that was never written there is nothing',
    async run({ files }) {
      assert.equal(await files.read('checkpoint'), undefined)
      assert.equal(await files.loadKeys(), undefined)
      await files.remove('tile/0/000.p')
    },
  },
  {
    name: 'a file is found again as it was written last, by others too',
    async run({ files, again }) {
      const all = Uint8Array.from({ length: 256 }, (_, n) => n)
      await files.write('tile/0/000', all, { isTile: true })
      await files.write('checkpoint', bytes(1, 2, 3))
      await files.write('checkpoint', bytes(4))
      await files.write('empty', bytes())
      for (const each of [files, await again()]) {
        assert.deepEqual(bytes(...(await each.read('tile/0/000'))!), all)
        assert.deepEqual(bytes(...(await each.read('checkpoint'))!), bytes(4))
        assert.deepEqual(bytes(...(await each.read('empty'))!), bytes())
      }
    },
  },
  {
    name: 'what is removed is gone, with all that lies under it, and nothing else',
    async run({ files, again }) {
      for (const path of ['tile/0/000.p/7', 'tile/0/000.p/200', 'tile/0/000', 'tile/0/001.p/1'])
        await files.write(path, bytes(1), { isTile: true })
      await files.remove('tile/0/000.p')
      const other = await again()
      assert.equal(await other.read('tile/0/000.p/7'), undefined)
      assert.equal(await other.read('tile/0/000.p/200'), undefined)
      assert.ok(await other.read('tile/0/000'))
      assert.ok(await other.read('tile/0/001.p/1'))
      await files.remove('tile/0/000')
      assert.equal(await other.read('tile/0/000'), undefined)
    },
  },
  {
    name: 'the keys are found again as they were saved last',
    async run({ files, again }) {
      await files.saveKeys('one\n')
      await files.saveKeys('two\none\n')
      assert.equal(await (await again()).loadKeys(), 'two\none\n')
    },
  },
]

/** What a store of files promises besides, which many processes share. */
export const sharedProofFilesContract: readonly ContractCase<ProofFilesSubject>[] = [
  {
    name: 'a file that was written under a token is not changed under a lower one',
    async run({ files, again }) {
      await files.write('checkpoint', bytes(1), { token: 2 })
      await (await again()).write('checkpoint', bytes(2), { token: 1 })
      assert.deepEqual(bytes(...(await files.read('checkpoint'))!), bytes(1))
      await files.write('checkpoint', bytes(3), { token: 2 })
      await (await again()).write('checkpoint', bytes(4), { token: 3 })
      await files.write('checkpoint', bytes(5), { token: 2 })
      assert.deepEqual(bytes(...(await files.read('checkpoint'))!), bytes(4))
    },
  },
]
