import { elements } from './value.ts'

/**
 * A runtime executes a compiled program. Native ONNX Runtime for speed, its WebAssembly build for portability, and a
 * Float64 reference interpreter for truth: the same graph on all three.
 */
type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array
export type Tensor = { shape: number[]; data: TensorData }
type Port = { name: string; shape: (number | string)[]; dtype: 'float' | 'int64' | 'bool' }

/** A graph made ready to run: named inputs and outputs, the ONNX bytes, and the graph itself for the reference. */
export interface Program {
  /** Structural key: equal programs have equal keys. */
  key: string
  inputs: Port[]
  outputs: Port[]
  onnx(): Uint8Array
  /** The graph as text. */
  text(): string
  /** Opaque to everyone but the reference interpreter. */
  graph: unknown
}

export interface Session {
  /**
   * Feeds may be floats of either width, int64 as BigInt64Array or Int32Array, bool as Uint8Array; what the program
   * does not name is left aside. Outputs are fresh at every call (a runtime takes no output buffers): Float32Array
   * (Float64Array from the reference), BigInt64Array, Uint8Array.
   */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>
  release(): Promise<void>
}

export interface Runtime {
  kind: 'native' | 'wasm' | 'reference'
  /** For the record: name and version, "onnxruntime-node 1.30.0". */
  version: string
  /** Loads a program; the same program key gives the same session. */
  load(program: Program): Promise<Session>
  /** Releases every session. */
  close(): Promise<void>
  /** Sessions that hold memory now, and how many were made so far; of runtimes that compile. */
  sessions?(): { awake: number; made: number }
  /** Takes the memory of every session that is not running, so long as `still` says so; the longest unused first. */
  rest?(still: () => boolean): Promise<void>
}

/** Checks feeds against a program, so that all runtimes refuse alike; returns what each symbol means. */
export function checkFeeds(program: Program, feeds: Record<string, Tensor>): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { name, shape, dtype } of program.inputs) {
    const feed = feeds[name]
    if (feed === undefined) throw new Error(`internal: input ${name} is not fed`)
    const fits =
      dtype === 'float'
        ? feed.data instanceof Float32Array || feed.data instanceof Float64Array
        : dtype === 'int64'
          ? feed.data instanceof BigInt64Array || feed.data instanceof Int32Array
          : feed.data instanceof Uint8Array
    const wanted = `${dtype}[${shape.join()}]`
    const got = `${feed.data.constructor.name}[${feed.shape.join()}] of ${feed.data.length} numbers`
    if (!fits || feed.shape.length !== shape.length || elements(feed.shape) !== feed.data.length)
      throw new Error(`internal: input ${name} wants ${wanted}, got ${got}`)
    shape.forEach((dim, axis) => {
      const size = typeof dim === 'number' ? dim : (sizes.get(dim) ?? feed.shape[axis])
      if (size !== feed.shape[axis]) throw new Error(`internal: input ${name} wants ${wanted}, got ${got}`)
      if (typeof dim === 'string') sizes.set(dim, size)
    })
  }
  return sizes
}
