// The tree and its proofs against a naive implementation of RFC 6962, and against known answers.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { memoryProofs } from '../memory/proof-files.ts'
import { emptyRoot, leafHash, nodeHash } from './hashes.ts'
import { consistencyProof, inclusionProof, provesConsistency, provesInclusion, rootOf } from './proofs.ts'
import { nodesIn, readEdge } from './tile-nodes.ts'
import { edgeOf, GrowingTree, tilePath } from './tiles.ts'

/** MTH of RFC 6962, section 2.1, word for word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot
  if (leaves.length === 1) return leaves[0]!
  const k = naiveSplit(leaves.length)
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = naiveSplit(leaves.length)
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}

function naiveSubproof(m: number, leaves: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)]
  const k = naiveSplit(leaves.length)
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}

function naiveSplit(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const leavesOf = (count: number, salt = 0) =>
  Array.from({ length: count }, (_, n) => leafHash(Buffer.from(`leaf ${salt} ${n}`)))

const bufferOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes)

/** Grows a tree in steps, as after restarts: each goes on from the edge in the tiles. */
async function grown(leaves: readonly Uint8Array[], stops: readonly number[]) {
  const memory = memoryProofs()
  // Files give buffers, whose slices share their bytes.
  const files = { ...memory, read: async (path: string) => bufferOf(await memory.read(path)) }
  let size = 0
  for (const stop of [...stops.map((at) => at % (leaves.length + 1)).sort((a, b) => a - b), leaves.length]) {
    const tree = GrowingTree.at(size, await readEdge(files, size))
    for (const leaf of leaves.slice(size, stop)) tree.append(leaf)
    for (const tile of [...tree.takeFull(), ...tree.edge()]) await files.write(tilePath(tile), tile.bytes)
    expect(tree.size).toBe(stop)
    expect(hex(tree.root())).toBe(hex(naiveRoot(leaves.slice(0, stop))))
    size = stop
  }
  return { files, read: nodesIn(files, leaves.length) }
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 1100 }),
  fc.constantFrom(255, 256, 257, 511, 512, 513, 1024),
)

test('any tree has the root and proofs of RFC 6962, and they are accepted', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat(), { maxLength: 4 }), fc.nat(), fc.nat(), async (size, stops, a, b) => {
      const leaves = leavesOf(size)
      const { read } = await grown(leaves, stops)
      const root = naiveRoot(leaves)
      expect(hex(await rootOf(read, size))).toBe(hex(root))
      const first = a % (size + 1)
      const proof = await consistencyProof(read, { from: first, to: size })
      expect(proof.map(hex)).toEqual(first === 0 ? [] : naiveSubproof(first, leaves, true).map(hex))
      const middle = first + (b % (size - first + 1))
      const between = await consistencyProof(read, { from: first, to: middle })
      expect(between.map(hex)).toEqual(first === 0 ? [] : naiveSubproof(first, leaves.slice(0, middle), true).map(hex))
      const from = { size: first, root: naiveRoot(leaves.slice(0, first)) }
      expect(provesConsistency({ from, to: { size, root }, proof })).toBe(true)
      if (size === 0) return
      const index = b % size
      const path = await inclusionProof(read, { index, size })
      expect(path.map(hex)).toEqual(naivePath(index, leaves).map(hex))
      expect(provesInclusion({ index, size, hash: leaves[index]!, root, proof: path })).toBe(true)
    }),
    { numRuns: long ? 5000 : 150 },
  )
})

test('for all small trees, a proof for another leaf, size or root is refused, and so is a longer or shorter one', async () => {
  const max = long ? 70 : 20
  const leaves = leavesOf(max)
  const { read } = await grown(leaves, [])
  const roots = Array.from({ length: max + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)))
  for (let size = 1; size <= max; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(read, { index, size })
      const good = { index, size, hash: leaves[index]!, root: roots[size]!, proof }
      expect(provesInclusion(good)).toBe(true)
      for (let other = 0; other <= size; other++)
        if (other !== index) expect(provesInclusion({ ...good, index: other })).toBe(false)
      expect(provesInclusion({ ...good, hash: roots[0]! })).toBe(false)
      expect(provesInclusion({ ...good, root: roots[size - 1]! })).toBe(false)
      expect(provesInclusion({ ...good, proof: [...proof, leaves[0]!] })).toBe(false)
      if (proof.length > 0) expect(provesInclusion({ ...good, proof: proof.slice(1) })).toBe(false)
    }
    for (let first = 1; first < size; first++) {
      const proof = await consistencyProof(read, { from: first, to: size })
      const [from, to] = [
        { size: first, root: roots[first]! },
        { size, root: roots[size]! },
      ]
      expect(provesConsistency({ from, to, proof })).toBe(true)
      expect(provesConsistency({ from: { ...from, root: roots[first - 1]! }, to, proof })).toBe(false)
      expect(provesConsistency({ from, to: { ...to, root: roots[first]! }, proof })).toBe(false)
      expect(provesConsistency({ from, to, proof: [...proof, leaves[0]!] })).toBe(false)
      expect(provesConsistency({ from, to, proof: proof.slice(1) })).toBe(false)
      expect(provesConsistency({ from: to, to: from, proof })).toBe(false)
    }
  }
})

// The eight leaves and their roots that the tests of Certificate Transparency use (RFC 6962, github.com/google/certificate-transparency).
test('known answers: the leaves and roots of the Certificate Transparency tests', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const tree = new GrowingTree()
  const roots = inputs.map((input) => {
    tree.append(leafHash(Buffer.from(input, 'hex')))
    return hex(tree.root())
  })
  expect(hex(emptyRoot)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(roots).toEqual([
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ])
})

test('tiles are where C2SP tlog-tiles says', () => {
  expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067')
  expect(tilePath({ level: 2, index: 5, width: 17 })).toBe('tile/2/005.p/17')
  expect(edgeOf(70_000)).toEqual([
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ])
  expect(edgeOf(256)).toEqual([{ level: 1, index: 0, width: 1 }])
  expect(edgeOf(0)).toEqual([])
})
