import { z } from 'zod'
import { english } from '../../words/say.ts'

/**
 * What a check found in the data: a code of the catalogue (`warning.<code>`) with its figures, the columns and rows that
 * show it, and what can be done about it in one step. A person decides; nothing is changed unasked.
 */
export const Remedy = z.discriminatedUnion('kind', [
  /** These columns are no longer used. */
  z.object({ kind: z.literal('ignore'), columns: z.array(z.string()).min(1) }),
  /** Rows that share a value of this column stay together. */
  z.object({ kind: z.literal('group'), column: z.string() }),
  /** Rows that stand more than once count once, or stay together. */
  z.object({ kind: z.literal('duplicates'), how: z.enum(['drop', 'together']) }),
  /** Whole groups (or tasks) are left out in turn. */
  z.object({ kind: z.literal('protocol'), protocol: z.enum(['leave-one-group-out', 'new-task']) }),
])
export type Remedy = z.infer<typeof Remedy>

export const Finding = z.object({
  code: z.string(),
  text: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** `leak`: figures would look better than they are. `note`: worth knowing. */
  weight: z.enum(['leak', 'note']),
  columns: z.array(z.string()),
  /** A few rows that show it, 0-based in file order. */
  rows: z.array(z.int().nonnegative()),
  remedies: z.array(Remedy),
})
export type Finding = z.infer<typeof Finding>

/** Columns and rows that are named as examples. */
const SHOWN = 5
const MOST_COLUMNS = 200

export function finding(
  weight: Finding['weight'],
  code: string,
  params: Finding['params'],
  about: Partial<Pick<Finding, 'columns' | 'rows' | 'remedies'>> = {},
): Finding {
  return {
    code,
    text: english(`warning.${code}`, params),
    params,
    weight,
    columns: (about.columns ?? []).slice(0, MOST_COLUMNS),
    rows: (about.rows ?? []).slice(0, SHOWN),
    remedies: about.remedies ?? [],
  }
}

/** "a, b, c and 4 more" without words: "a, b, c (+4)". */
export function named(names: readonly string[]): string {
  const more = names.length - 4
  return more > 0 ? `${names.slice(0, 4).join(', ')} (+${more})` : names.join(', ')
}

/** Three digits are enough to judge by. */
export const rounded = (value: number): number => Number(value.toPrecision(3))
