import type { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'

/**
 * A data set as it goes to the workers: every column in memory that all threads share, level names as UTF-8 JSON, so
 * that handing it over costs nothing however large it is.
 */
export type SharedTable = {
  hash: string
  rows: number
  columns: {
    name: string
    kind: Column['kind']
    values: Column['values']
    valid: Uint8Array
    levels: Uint8Array | null
  }[]
  tensors: { name: string; shape: number[]; values: Float32Array }[]
}
export type SharedData =
  | { key: string; kind: 'table'; table: SharedTable; roles: Roles }
  | { key: string; kind: 'generator'; generator: string; params: Record<string, unknown> }

type Typed = Float64Array | Int32Array | Uint8Array | Float32Array

export function shared<T extends Typed>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(new SharedArrayBuffer(array.byteLength))
  copy.set(array)
  return copy
}

export function shareTable(table: Table): SharedTable {
  return {
    hash: table.hash,
    rows: table.rows,
    columns: table.columns.map(({ name, kind, values, valid, levels }) => ({
      name,
      kind,
      values: shared(values),
      valid: shared(valid),
      levels: levels ? shared(new TextEncoder().encode(JSON.stringify(levels))) : null,
    })),
    tensors: (table.tensors ?? []).map(({ name, shape, values }) => ({ name, shape, values: shared(values) })),
  }
}

/** The table again, on whichever thread; only level names are copied. */
export function tableOf({ hash, rows, columns, tensors }: SharedTable): Table {
  return {
    hash,
    rows,
    columns: columns.map(({ levels, ...column }) => ({
      ...column,
      ...(levels ? { levels: JSON.parse(Buffer.from(levels).toString()) as string[] } : {}),
    })),
    ...(tensors.length ? { tensors } : {}),
  }
}
