/**
 * A runtime executes a compiled program. Native ONNX Runtime for speed, its WebAssembly build for portability, and a
 * Float64 reference interpreter for truth: the same graph on all three.
 */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Uint8Array
export type Tensor = { shape: number[]; data: TensorData }

/** A graph made ready to run: named inputs and outputs, the ONNX bytes, and the graph itself for the reference. */
export interface Program {
  /** Structural key: equal programs have equal keys. */
  key: string
  inputs: { name: string; shape: (number | string)[]; dtype: 'float' | 'int64' | 'bool' }[]
  outputs: { name: string; shape: (number | string)[]; dtype: 'float' | 'int64' | 'bool' }[]
  onnx(): Uint8Array
  /** Opaque to everyone but the reference interpreter. */
  graph: unknown
}

export interface Session {
  /** Output tensors are fresh at every call; a runtime takes no output buffers. */
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
}
