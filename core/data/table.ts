/**
 * A table as the readers hand it over: columns of equal length with a validity mask. Readers live in
 * electron/lab/importers; core only consumes it. Buffers may be shared between threads and are never written to.
 */
export type Column = {
  name: string
  kind: 'number' | 'category' | 'text'
  /** [row]. Numbers as they are; for category and text the index into `levels`. Undefined where `valid` is 0. */
  values: Float64Array | Int32Array
  /** Distinct values of a category or text column, in order of first appearance. */
  levels?: string[]
  /** [row], 1 where the cell holds a value. */
  valid: Uint8Array
}

export type Table = {
  /** SHA-256 (hex) of the canonical columns: see `hash.ts`. */
  hash: string
  rows: number
  columns: Column[]
  /** Named arrays beside the columns, first axis = row (images, for example). */
  tensors?: NamedTensor[]
}

export type NamedTensor = { name: string; shape: number[]; values: Float32Array }
