import type { Program, Runtime, Session, Tensor } from '../../../core/engine/runtime.ts'
import { checkFeeds } from '../../../core/engine/runtime.ts'

/** What native and WebAssembly ONNX Runtime have in common; both packages give it. */
type OrtSession = {
  run(feeds: Record<string, unknown>): Promise<Record<string, { dims: readonly number[]; data: unknown }>>
  release(): Promise<void>
}
export type OrtBinding = {
  create(model: Uint8Array): Promise<OrtSession>
  tensor(type: 'float32' | 'int64' | 'bool', data: Float32Array | BigInt64Array | Uint8Array, dims: number[]): unknown
}
/** Unclaimed sessions kept for the next one who asks for the same program (0.6-4 MB each). */
const MOST_IDLE = 32
/** Sessions alive at once, claimed or not: beyond this the longest unused is released, and made again when it is run. */
const MOST = 128
/** A session that nobody ran for this long gives its memory back. */
const IDLE_MS = 60_000

export type SessionOptions = {
  /** Milliseconds. */
  idle?: number
  most?: number
  /** Called after sessions that rested gave their memory back. */
  onSleep?: () => void
}
type Entry = { program: Program; session: Promise<OrtSession> | null; users: number; running: number; last: number }

/**
 * A runtime over one of the bindings. Sessions are shared by program key. Who holds one may keep it as long as they like:
 * the memory behind it is given back when it rests, and taken again when it runs.
 */
export function ortRuntime(
  kind: 'native' | 'wasm',
  version: string,
  ort: OrtBinding,
  { idle = IDLE_MS, most = MOST, onSleep = () => {} }: SessionOptions = {},
): Runtime {
  // In order of last use.
  const entries = new Map<string, Entry>()
  let timer: ReturnType<typeof setTimeout> | null = null

  const touch = (key: string, entry: Entry) => {
    entries.delete(key)
    entries.set(key, entry)
    entry.last = performance.now()
    timer ??= setTimeout(() => void sweep(), idle).unref()
  }
  let made = 0
  const open = (entry: Entry) => {
    if (!entry.session) made++
    return (entry.session ??= ort.create(entry.program.onnx()))
  }
  const awake = () => [...entries.values()].filter(({ session }) => session !== null)

  async function sleep(entry: Entry): Promise<void> {
    const { session } = entry
    entry.session = null
    if (session) await (await session).release()
  }

  /** Puts to sleep what rested long enough. */
  async function sweep(): Promise<void> {
    timer = null
    const resting = awake()
    const due = (entry: Entry) => entry.running === 0 && performance.now() - entry.last >= idle - 1
    const over = resting.filter(due)
    if (over.length < resting.length) {
      const next = Math.min(...resting.filter((entry) => !due(entry)).map(({ last }) => last + idle))
      timer = setTimeout(() => void sweep(), Math.max(10, next - performance.now())).unref()
    }
    for (const entry of over) await sleep(entry)
    onSleep()
  }

  async function trim(): Promise<void> {
    const unclaimed = [...entries].filter(([, entry]) => entry.users === 0)
    for (const [key, entry] of unclaimed.slice(0, Math.max(0, unclaimed.length - MOST_IDLE))) {
      entries.delete(key)
      await sleep(entry)
    }
    const all = awake()
    const spare = all.filter(({ running }) => running === 0)
    for (const entry of spare.slice(0, Math.max(0, all.length - most))) await sleep(entry)
  }

  return {
    kind,
    version,
    async load(program) {
      const { key } = program
      const entry = entries.get(key) ?? { program, session: null, users: 0, running: 0, last: 0 }
      entry.users++
      entry.running++
      touch(key, entry)
      try {
        await open(entry)
      } catch (error) {
        entries.delete(key)
        throw error
      } finally {
        entry.running--
      }
      await trim()
      return handle(
        program,
        ort,
        async (feeds) => {
          entry.running++
          touch(key, entry)
          try {
            return await (await open(entry)).run(feeds)
          } finally {
            entry.running--
            touch(key, entry)
          }
        },
        async () => {
          entry.users--
          await trim()
        },
      )
    },
    async close() {
      if (timer) clearTimeout(timer)
      timer = null
      const all = [...entries.values()]
      entries.clear()
      for (const entry of all) await sleep(entry)
    },
    sessions: () => ({ awake: awake().length, made }),
    async rest(still) {
      for (const entry of awake()) if (entry.running === 0 && still()) await sleep(entry)
    },
  }
}

function handle(program: Program, ort: OrtBinding, run: OrtSession['run'], done: () => Promise<void>): Session {
  let released = false
  return {
    async run(feeds) {
      if (released) throw new Error('internal: a released session was run')
      checkFeeds(program, feeds)
      const given = program.inputs.map(({ name, dtype }) => {
        const { shape, data } = feeds[name]
        const type = dtype === 'float' ? 'float32' : dtype
        return [name, ort.tensor(type, plain(data), shape)]
      })
      const results = await run(Object.fromEntries(given))
      return Object.fromEntries(
        program.outputs.map(({ name }) => {
          const { dims, data } = results[name]
          return [name, { shape: [...dims], data: data as Tensor['data'] }]
        }),
      )
    },
    async release() {
      if (released) return
      released = true
      await done()
    },
  }
}

function plain(data: Tensor['data']): Float32Array | BigInt64Array | Uint8Array {
  if (data instanceof Float64Array) return Float32Array.from(data)
  if (data instanceof Int32Array) return BigInt64Array.from(data, BigInt)
  // The native runtime refuses shared memory.
  if (data.buffer instanceof SharedArrayBuffer) return data.slice()
  return data
}
