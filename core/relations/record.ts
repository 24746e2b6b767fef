import { z } from 'zod'
import { damaged, pack, take, unpack } from '../pack.ts'
import type { Subset } from './subsets.ts'

/**
 * What one trial of a transfer matrix keeps: for every subset and every task in it, the sum of its errors on the test
 * rows and that of the plain answer (the terms of `skill`), NaN where the fit was refused. Also a checkpoint.
 */
export type Record = {
  from: number
  to: number
  /** Subsets that are finished, counted from `from`. */
  done: number
  /** [subset, its task, 2] one after another. */
  sums: Float64Array
  /** Why fits were refused, the first few. */
  refused: { subset: number; rule: string }[]
}

const Header = z.object({
  kind: z.literal('relations'),
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  done: z.int().nonnegative(),
  refused: z.array(z.object({ subset: z.int(), rule: z.string() })),
})

export const writeRecord = ({ sums, ...header }: Record): Uint8Array => pack({ kind: 'relations', ...header }, { sums })

export function readRecord(bytes: Uint8Array, subsets: readonly Subset[]): Record {
  const packed = unpack(bytes)
  const parsed = Header.safeParse(packed.header)
  if (!parsed.success) throw damaged('something else than relations')
  const { kind: _kind, ...header } = parsed.data
  if (header.to > subsets.length || header.from > header.to || header.done > header.to - header.from)
    throw damaged('relations of other tasks')
  return { ...header, sums: take(packed, 'sums', 'f64', sizeOf(subsets.slice(header.from, header.to))) }
}

/** Numbers that the sums of these subsets take. */
export const sizeOf = (subsets: readonly Subset[]): number => subsets.reduce((sum, { length }) => sum + 2 * length, 0)

/** What watching a training kept (`core/nn/affinity.ts`): means over looks, [from task, to task]. */
export type Watched = { tasks: string[]; looks: number; cosine: Float64Array; gain: Float64Array }

const WatchedHeader = z.object({ kind: z.literal('affinity'), tasks: z.array(z.string()), looks: z.number() })

export function readWatched(bytes: Uint8Array): Watched {
  const packed = unpack(bytes)
  const parsed = WatchedHeader.safeParse(packed.header)
  if (!parsed.success) throw damaged('something else than what a training watched')
  const { tasks, looks } = parsed.data
  const size = tasks.length ** 2
  return { tasks, looks, cosine: take(packed, 'cosine', 'f64', size), gain: take(packed, 'gain', 'f64', size) }
}
