import type { ImportProgress, ImportWarning, Preview, ReadOptions } from '../../../core/data/reading.ts'
import type { DatasetSummary, Why } from '../../../core/data/summary.ts'
import type { UserErrorJson } from '../../../core/errors.ts'

/** What the lab and its reading process say to each other. */
export type Ask = {
  task: 'open' | 'preview'
  files: { path: string; name: string }[]
  read: ReadOptions
  scratch: string
  /** Rows to be predicted: images need no array beside them that says what they are. */
  bare: boolean
}

export type ColumnHead = { name: string; kind: 'number' | 'category' | 'text'; levels?: string[] }

export type Tell =
  | { type: 'progress'; progress: ImportProgress }
  | { type: 'preview'; preview: Preview }
  | {
      type: 'head'
      rows: number
      hash: string
      columns: ColumnHead[]
      tensors: { name: string; shape: number[] }[]
      why: Why[]
      warnings: ImportWarning[]
      read: ReadOptions
      suggestedTargets?: string[]
      summary: DatasetSummary
    }
  /** Cells [offset, offset + n) of one column: values and one byte of validity for each. */
  | { type: 'cells'; column: number; offset: number; values: Float64Array | Int32Array; valid: Uint8Array }
  /** Numbers from `offset` on of one array. */
  | { type: 'numbers'; tensor: number; offset: number; values: Float32Array }
  | { type: 'end' }
  | { type: 'error'; error: UserErrorJson }
