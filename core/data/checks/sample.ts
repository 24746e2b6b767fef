import type { Rng } from '../../rng.ts'

/** Rows that stand for a large table: one from each of `most` equal stretches, all of them where there are no more. */
export type Sample = { at: Int32Array; of: number }

export function sampleRows(rows: number, most: number, random: Rng): Sample {
  if (rows <= most) return { at: Int32Array.from({ length: rows }, (_, row) => row), of: rows }
  const width = rows / most
  const at = Int32Array.from({ length: most }, (_, i) => Math.floor((i + random.uniform()) * width))
  return { at, of: rows }
}
