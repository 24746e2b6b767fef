import { readPredictions, type TestPredictions } from '../../core/predictions.ts'
import { readRecord, readWatched } from '../../core/relations/record.ts'
import { relationsOf, type Relations, type RelationsInput } from '../../core/relations/relations.ts'
import { subsetsOf } from '../../core/relations/subsets.ts'
import type { Part } from '../../core/relations/transfer.ts'
import { compare, type CompareInput } from '../../core/stats/compare.ts'
import type { Comparison } from '../../core/stats/comparison.ts'

/** A comparison as it is asked of the analyst: predictions by hash, those that it does not know with their bytes. */
export type Question = Omit<CompareInput, 'predictions'> & {
  /** Run -> hash of its predictions. */
  predictions: Map<string, string>
  fresh: { hash: string; bytes: Uint8Array }[]
}
/** `missing`: hashes to send with the question before it can be answered. */
export type Answer = { comparison: Comparison } | { missing: string[] }

/** What the trials of a transfer matrix kept, and what trainings watched, as bytes. */
export type RelationsQuestion = Omit<RelationsInput, 'parts' | 'watched'> & {
  parts: (Omit<Part, 'record'> & { bytes: Uint8Array })[]
  watched: Uint8Array[]
}

export function relate({ parts, watched, ...question }: RelationsQuestion): Relations {
  const subsets = subsetsOf(question.tasks.length, question.designs)
  return relationsOf({
    ...question,
    parts: parts.map(({ bytes, ...part }) => ({ ...part, record: readRecord(bytes, subsets) })),
    watched: watched.map(readWatched),
  })
}

/** Bytes of predictions that are remembered. */
const REMEMBERED = 256 * 2 ** 20
const known = new Map<string, { said: TestPredictions; size: number }>()
let size = 0

/** Runs on a thread of its own: resampling 139 tasks takes seconds, in which the lab must go on answering. */
export function analyse({ predictions, fresh, ...question }: Question): Answer {
  for (const { hash, bytes } of fresh) {
    if (known.has(hash)) continue
    known.set(hash, { said: readPredictions(bytes), size: bytes.length })
    size += bytes.length
  }
  const asked = new Set(predictions.values())
  const missing = [...asked].filter((hash) => !known.has(hash))
  if (missing.length) return { missing }
  const saidBy = (run: string) => known.get(predictions.get(run) ?? '')?.said ?? null
  const comparison = compare({ ...question, predictions: (run) => saidBy(run.id) })
  for (const [hash, entry] of known) {
    if (size <= REMEMBERED) break
    if (asked.has(hash)) continue
    known.delete(hash)
    size -= entry.size
  }
  return { comparison }
}
