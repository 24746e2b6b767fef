import type { ReadOptions } from '../../../core/data/reading.ts'
import { guessed, type Why } from '../../../core/data/summary.ts'
import type { Column } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'

/** Columns that grow while a file is read, and the rules that every reader shares: names, kinds, numbers. */

/** A text column of at most this many different values can be one of classes; beyond it is free text. */
const MAX_CATEGORY = 1000

/** [row] numbers with a validity mask; missing cells hold 0. */
export class Numbers {
  values: Float64Array
  valid: Uint8Array
  size = 0

  constructor(capacity = 1024) {
    this.values = new Float64Array(capacity)
    this.valid = new Uint8Array(capacity)
  }

  push(value: number | null): void {
    if (this.size === this.values.length) {
      const values = new Float64Array(this.size * 2)
      values.set(this.values)
      this.values = values
      const valid = new Uint8Array(this.size * 2)
      valid.set(this.valid)
      this.valid = valid
    }
    if (value !== null) {
      this.values[this.size] = value
      this.valid[this.size] = 1
    }
    this.size++
  }

  column(name: string): Column {
    return {
      name,
      kind: 'number',
      values: this.values.subarray(0, this.size),
      valid: this.valid.subarray(0, this.size),
    }
  }
}

/** [row] words with a validity mask; levels in order of first appearance. */
export class Words {
  codes: Int32Array
  valid: Uint8Array
  size = 0
  private readonly index = new Map<string, number>()

  constructor(capacity = 1024) {
    this.codes = new Int32Array(capacity)
    this.valid = new Uint8Array(capacity)
  }

  push(value: string | null): void {
    if (this.size === this.codes.length) {
      const codes = new Int32Array(this.size * 2)
      codes.set(this.codes)
      this.codes = codes
      const valid = new Uint8Array(this.size * 2)
      valid.set(this.valid)
      this.valid = valid
    }
    if (value !== null) {
      let code = this.index.get(value)
      if (code === undefined) this.index.set(value, (code = this.index.size))
      this.codes[this.size] = code
      this.valid[this.size] = 1
    }
    this.size++
  }

  /** `declared`: the file itself says that these are classes. */
  column(name: string, declared = false): { column: Column; why: Why } {
    let present = 0
    for (let row = 0; row < this.size; row++) present += this.valid[row]
    const distinct = this.index.size
    const kind =
      declared || distinct <= Math.max(20, Math.min(MAX_CATEGORY, present / 2))
        ? ('category' as const)
        : ('text' as const)
    return {
      column: {
        name,
        kind,
        values: this.codes.subarray(0, this.size),
        levels: [...this.index.keys()],
        valid: this.valid.subarray(0, this.size),
      },
      why: declared
        ? { code: 'declared', params: { distinct }, text: 'The file says that these are classes.' }
        : guessed(kind, present, distinct),
    }
  }
}

/** Decimal numbers as people write them; nothing that only a programming language would take (0x1F, 1_000). */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INFINITE = /^[+-]?(inf|infinity|∞)$/i

/** The number a cell holds; `undefined` where it is none; infinite where it overflows. */
export function parseNumber(cell: string, decimal: '.' | ','): number | undefined {
  // With a decimal comma a point can only group thousands, which nobody can tell from a fraction for sure.
  if (decimal === ',' && cell.includes('.')) return undefined
  const text = decimal === ',' ? cell.replace(',', '.') : cell
  if (NUMBER.test(text)) return Number(text)
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return undefined
}

export function refuseInfinite(file: string, column: string, got: string): never {
  throw new UserError({
    code: 'import.infinite',
    who: `${file}, column "${column}"`,
    rule: 'Numbers must be finite.',
    got,
    remedy: 'Correct the cell, or choose to read infinite numbers as missing.',
  })
}

/** Trimmed names; empty ones become c1, c2, ...; two equal ones are refused because roles go by name. */
export function columnNames(file: string, raw: string[]): string[] {
  const names = raw.map((name, i) => name.replace(/\s+/gu, ' ').trim() || `c${i + 1}`)
  const seen = new Map<string, number>()
  names.forEach((name, i) => {
    const before = seen.get(name)
    if (before !== undefined)
      throw new UserError({
        code: 'import.duplicate-names',
        who: file,
        rule: 'Every column must have a name of its own.',
        got: `"${name}" in columns ${before + 1} and ${i + 1}`,
        remedy: 'Rename one of them in the file, or read it with 0 header rows.',
      })
    seen.set(name, i)
  })
  return names
}

export function refuseNoRows(file: string): never {
  throw new UserError({
    code: 'import.no-rows',
    who: file,
    rule: 'A table must have at least one row under its header.',
    got: 'a header without rows',
    remedy: 'Check that the whole table was saved, or change the number of header rows.',
  })
}

export function isMissing(cell: string, read: ReadOptions): boolean {
  return read.missing.includes(cell)
}
