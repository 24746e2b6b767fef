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
/** Idle sessions kept for the next one who asks for the same program (0.6-4 MB each). */
const MOST_IDLE = 32

type Entry = { program: Program; session: Promise<OrtSession>; users: number }

/** A runtime over one of the bindings: sessions are shared by program key, and released when long unused. */
export function ortRuntime(kind: 'native' | 'wasm', version: string, ort: OrtBinding): Runtime {
  // In order of last use.
  const entries = new Map<string, Entry>()

  async function trim(): Promise<void> {
    const idle = [...entries].filter(([, entry]) => entry.users === 0)
    for (const [key, entry] of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) {
      entries.delete(key)
      await (await entry.session).release()
    }
  }

  return {
    kind,
    version,
    async load(program) {
      const entry = entries.get(program.key) ?? { program, session: ort.create(program.onnx()), users: 0 }
      entries.delete(program.key)
      entries.set(program.key, entry)
      entry.users++
      try {
        return handle(program, await entry.session, ort, async () => {
          entry.users--
          await trim()
        })
      } catch (error) {
        entries.delete(program.key)
        throw error
      }
    },
    async close() {
      const all = [...entries.values()]
      entries.clear()
      for (const { session } of all) await (await session).release()
    },
  }
}

function handle(program: Program, session: OrtSession, ort: OrtBinding, done: () => Promise<void>): Session {
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
      const results = await session.run(Object.fromEntries(given))
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
