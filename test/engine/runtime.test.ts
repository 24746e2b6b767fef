import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Runtime } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { nativeRuntime } from '../../electron/lab/runtimes/native.ts'
import type { OrtBinding } from '../../electron/lab/runtimes/sessions.ts'
import { ortRuntime } from '../../electron/lab/runtimes/sessions.ts'
import { wasmRuntime } from '../../electron/lab/runtimes/wasm.ts'

const x = e.input('x', ['rows', 2])
const program = e.compile({ y: e.mul(x, 2), many: e.cast(e.greater(x, 0), 'int64'), is: e.greater(x, 0) })
const feed = { shape: [2, 2], data: Float32Array.of(-1, 2, 3, -4) }

describe('opening', () => {
  it('auto is native, and each kind is what it says', async () => {
    for (const kind of ['native', 'wasm', 'reference'] as const)
      expect((await openRuntime(kind)).runtime.kind).toBe(kind)
    const { runtime, reason } = await openRuntime('auto')
    expect([runtime.kind, reason]).toEqual(['native', null])
    expect(runtime.version).toMatch(/^onnxruntime-node \d+\.\d+\.\d+$/)
    expect((await wasmRuntime()).version).toMatch(/^onnxruntime-web \d+\.\d+\.\d+$/)
  })

  it('where native is missing, WebAssembly is taken and one line says why', async () => {
    const broken = () => Promise.reject(new Error('cannot open shared object file\nstack and all'))
    const { runtime, reason } = await openRuntime('auto', {}, { native: broken, wasm: wasmRuntime })
    expect(runtime.kind).toBe('wasm')
    expect(reason).toBe(
      'The native runtime cannot be loaded (cannot open shared object file); the WebAssembly runtime is used, which is slower.',
    )
    const { y } = await (await runtime.load(program)).run({ x: feed })
    expect([...y.data]).toEqual([-2, 4, 6, -8])
  })
})

const RUNTIMES: [string, () => Promise<Runtime>][] = [
  ['native', nativeRuntime],
  ['wasm', wasmRuntime],
  ['reference', () => Promise.resolve(e.referenceRuntime())],
]
describe.each(RUNTIMES)('%s', (kind, open) => {
  it('takes floats of both widths and both kinds of integer, and gives fresh outputs of the promised types', async () => {
    const runtime = await open()
    const session = await runtime.load(program)
    const one = await session.run({ x: feed, unused: feed })
    const two = await session.run({ x: { ...feed, data: Float64Array.from(feed.data) } })
    expect([...one.y.data]).toEqual([...two.y.data])
    expect(one.y.data).not.toBe(two.y.data)
    expect(one.y.data).toBeInstanceOf(kind === 'reference' ? Float64Array : Float32Array)
    expect([...(one.many.data as BigInt64Array)]).toEqual([0n, 1n, 1n, 0n])
    expect([...(one.is.data as Uint8Array)]).toEqual([0, 1, 1, 0])
    const chosen = await runtime.load(e.compile({ y: e.gather(x, e.input('at', ['n'], 'int64')) }))
    for (const data of [Int32Array.of(1), BigInt64Array.of(1n)])
      expect([...(await chosen.run({ x: feed, at: { shape: [1], data } })).y.data]).toEqual([3, -4])
    await runtime.close()
  })

  it('takes shared memory and parts of larger arrays', async () => {
    const runtime = await open()
    const session = await runtime.load(program)
    const shared = new Float32Array(new SharedArrayBuffer(24)).fill(3, 2)
    const { y } = await session.run({ x: { shape: [2, 2], data: shared.subarray(1, 5) } })
    expect([...y.data]).toEqual([0, 6, 6, 6])
    await runtime.close()
  })

  it('refuses feeds that do not fit, and says which', async () => {
    const runtime = await open()
    const session = await runtime.load(program)
    await expect(session.run({})).rejects.toThrow('internal: input x is not fed')
    await expect(session.run({ x: { shape: [4], data: feed.data } })).rejects.toThrow(
      'internal: input x wants float[rows,2], got Float32Array[4] of 4 numbers',
    )
    await expect(session.run({ x: { shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) } })).rejects.toThrow('wants float')
    await expect(session.run({ x: { shape: [3, 2], data: feed.data } })).rejects.toThrow('of 4 numbers')
    const pair = await runtime.load(e.compile({ y: e.add(x, e.input('z', ['rows', 1])) }))
    await expect(pair.run({ x: feed, z: { shape: [1, 1], data: Float32Array.of(1) } })).rejects.toThrow('input z')
    await runtime.close()
  })

  it('runs on no rows at all', async () => {
    const runtime = await open()
    const { y } = await (await runtime.load(program)).run({ x: { shape: [0, 2], data: new Float32Array(0) } })
    expect(y.shape).toEqual([0, 2])
    await runtime.close()
  })
})

describe('sessions', () => {
  const counting = (limits?: { idle?: number; most?: number }) => {
    const seen = { created: 0, released: 0 }
    const ort: OrtBinding = {
      create: () => {
        seen.created++
        return Promise.resolve({
          run: () => Promise.resolve({ y: { dims: [2, 2], data: feed.data } }),
          release: () => {
            seen.released++
            return Promise.resolve()
          },
        })
      },
      tensor: () => null,
    }
    return { seen, runtime: ortRuntime('native', 'counting', ort, limits) }
  }
  const numbered = (k: number) => e.compile({ y: e.mul(x, k + 2) })

  it('equal programs share one session; idle ones are kept, up to 32, and the longest unused goes first', async () => {
    const { seen, runtime } = counting()
    const [a, b] = await Promise.all([runtime.load(numbered(0)), runtime.load(numbered(0))])
    expect(seen.created).toBe(1)
    await a.release()
    await a.release()
    await expect(a.run({ x: feed })).rejects.toThrow('released session')
    await b.release()
    expect(seen).toEqual({ created: 1, released: 0 })
    const held = await runtime.load(numbered(0))
    for (let k = 1; k <= 40; k++) await (await runtime.load(numbered(k))).release()
    expect(seen).toEqual({ created: 41, released: 8 })
    await (await runtime.load(numbered(40))).release()
    expect(seen.created).toBe(41)
    await held.release()
    await runtime.close()
    expect(seen.released).toBe(41)
  })

  it('what rests gives its memory back, even when somebody holds it, and wakes up when it is run', async () => {
    const { seen, runtime } = counting({ idle: 50 })
    const held = await runtime.load(numbered(0))
    const busy = await runtime.load(numbered(1))
    for (let k = 0; k < 10; k++) {
      await new Promise((done) => setTimeout(done, 15))
      await busy.run({ x: feed })
    }
    expect(seen).toEqual({ created: 2, released: 1 })
    expect([...(await held.run({ x: feed })).y.data]).toEqual([...feed.data])
    expect(seen.created).toBe(3)
    await new Promise((done) => setTimeout(done, 150))
    expect(seen).toEqual({ created: 3, released: 3 })
    await runtime.close()
    expect(seen.released).toBe(3)
  })

  it('no more than so many are awake at once', async () => {
    const { seen, runtime } = counting({ most: 4 })
    const all = []
    for (let k = 0; k < 10; k++) all.push(await runtime.load(numbered(k)))
    expect(seen).toEqual({ created: 10, released: 6 })
    await all[0].run({ x: feed })
    expect(seen.created).toBe(11)
    await runtime.close()
  })

  it('a program that cannot be loaded is not remembered', async () => {
    let fail = true
    const runtime = ortRuntime('native', 'failing', {
      create: () => (fail ? Promise.reject(new Error('no')) : Promise.resolve({ run: never, release: never })),
      tensor: () => null,
    })
    await expect(runtime.load(program)).rejects.toThrow('no')
    fail = false
    await expect(runtime.load(program)).resolves.toBeDefined()
  })
})
const never = () => Promise.reject(new Error('never called'))

describe('mistakes in graphs are named', () => {
  it.each([
    [
      () => e.add(x, e.constant([1, 2, 3])),
      'internal: Add(float[rows, 2], float[3]): dimensions 2 and 3 do not broadcast',
    ],
    [() => e.add(x, e.input('z', ['other', 2])), 'dimensions rows and other do not broadcast'],
    [() => e.matmul(x, e.constant([1, 2, 3], [3, 1])), 'internal: matmul(float[rows, 2], float[3, 1])'],
    [() => e.reshape(x, [2, 3]), 'internal: reshape(float[rows, 2]): does not fill [2, 3]'],
    [() => e.sum(x, [2]), 'internal: sum(float[rows, 2]): axes [2] do not exist or repeat'],
    [() => e.gather(x, x), 'wants a tensor and int64 indices'],
    [() => e.slice(x, 0, 0, 1), 'no 0:1 on axis 0'],
    [() => e.concat([x, x], 0), 'cannot join along a symbolic dimension'],
    [() => e.grad(x, [x]), 'internal: grad(float[rows, 2]): wants a float scalar'],
    [() => e.input('a b', [1]), '"a b" is no name for an input'],
    [() => e.constant([1, 2], [3]), 'constant of 2 numbers does not fill [3]'],
    [() => e.compile({ y: e.add(e.input('a', [2]), e.input('a', [1])) }), 'two different inputs are named a'],
    [() => e.compile({ x: e.neg(x) }), 'x is the name of an input and of an output'],
    [
      () => e.loop({ count: 2, state: [x], body: (_i, [s]) => ({ state: [e.sum(s)] }) }),
      'internal: loop state 0 starts as [rows, 2] and becomes []',
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(message)
  })
})

it('the example in docs/engine.md runs and prints what it says', () => {
  const root = new URL('../../', import.meta.url)
  const [, code] = /```ts\n([^]*?)```/.exec(readFileSync(new URL('docs/engine.md', root), 'utf8'))!
  const folder = mkdtempSync(join(tmpdir(), 'engram-doc-'))
  try {
    const file = join(folder, 'example.ts')
    writeFileSync(file, code.replaceAll("'./", `'${root.href}`))
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: fileURLToPath(root) })
    expect(stderr).toBe('')
    const weights = stdout.trim().split(' ').map(Number)
    expect(weights.length).toBe(4)
    ;[2, -1, 0, 0.5].forEach((wanted, k) => expect(Math.abs(weights[k] - wanted)).toBeLessThan(0.01))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
