import { UserError } from '../errors.ts'
import { fitEncoder, fitTargetScaler, truthOf, type Encoder, type TargetScaler } from './encoding.ts'
import type { TaskGenerator } from './generator.ts'
import { emptyBatch } from './generators/kind.ts'
import type { View } from './taskSet.ts'

/**
 * Episodes from measured rows: each task of the view gives support and query rows of its own, disjoint. Inputs are
 * encoded and regression targets standardised as the given (training) fits say; classes are their index. The answer
 * is a `TaskGenerator`, so that a method need not know whether its tasks are real or made up. Where rows have sample
 * weights, they count by them within their support and their query set.
 */
export function episodes(
  view: View,
  encoder: Encoder = fitEncoder(view),
  scaler: TargetScaler = fitTargetScaler(view),
): TaskGenerator {
  const { set, rows } = view
  const width = encoder.names.length
  const x = encoder.encode(set, rows)
  const tasks = Array.from(view.tasks, (task) => {
    const { target } = set.tasks[task]
    const at: number[] = []
    for (let i = 0; i < rows.length; i++)
      if (set.observed[target * set.table.rows + rows[i]] && set.taskOf(rows[i], target) === task) at.push(i)
    const y = at.map((i) => (truthOf(set, rows[i], target) - scaler.mean[target]) / scaler.sd[target])
    return { at, y, weight: set.weight && at.map((i) => set.weight![rows[i]]) }
  })

  return {
    id: 'rows',
    params: {},
    features: encoder.names,
    target: set.targets.length === 1 ? set.table.columns[set.targets[0]].name : 'y',
    /**
     * Where a task has too few rows for all queries, its remaining rows are asked more than once. A task of two rows or
     * more that has too few for its support set gives all but one to it; these come again to fill it, and the batch then
     * says how much each row counts.
     */
    sample(rng, count, shots, queries) {
      const enough = tasks.filter(({ at }) => at.length > Math.min(shots, 1))
      if (!tasks.some(({ at }) => at.length > shots))
        throw new UserError({
          code: 'episodes.too-few-rows',
          who: 'evaluation.shots',
          rule: 'At least one task must have more measured rows than shots, so that rows are left to ask about.',
          got: `${shots} shots, and at most ${Math.max(0, ...tasks.map(({ at }) => at.length))} rows in a task`,
          remedy: 'Choose fewer shots.',
        })
      const batch = emptyBatch(count, shots, queries, width)
      const uneven = set.weight !== null || enough.some(({ at }) => at.length <= shots)
      const supportWeight = uneven ? new Float32Array(count * shots) : undefined
      const queryWeight = set.weight ? new Float32Array(count * queries) : undefined
      let order = rng.permutation(enough.length)
      for (let e = 0; e < count; e++) {
        // Every task once before any comes again.
        if (e > 0 && e % enough.length === 0) order = rng.permutation(enough.length)
        const { at, y, weight } = enough[order[e % enough.length]]
        const drawn = rng.permutation(at.length)
        const given = Math.min(shots, at.length - 1)
        for (let i = 0; i < shots; i++) put(batch.supportX, batch.supportY, e * shots + i, drawn[i % given])
        const asked = (i: number) => drawn[given + (i % (at.length - given))]
        for (let i = 0; i < queries; i++) put(batch.queryX, batch.queryY, e * queries + i, asked(i))
        if (supportWeight) shares(supportWeight, e * shots, given, (i) => weight?.[drawn[i]] ?? 1)
        if (queryWeight) shares(queryWeight, e * queries, queries, (i) => weight?.[asked(i)] ?? 1)
        function put(xs: Float32Array, ys: Float32Array, to: number, cell: number) {
          xs.set(x.subarray(at[cell] * width, (at[cell] + 1) * width), to * width)
          ys[to] = y[cell]
        }
      }
      return { ...batch, ...(supportWeight && { supportWeight }), ...(queryWeight && { queryWeight }) }
    },
  }
}

/** Weights of so many rows as shares of their sum; where all are 0, none counts. */
function shares(into: Float32Array, from: number, count: number, weight: (i: number) => number) {
  let total = 0
  for (let i = 0; i < count; i++) total += weight(i)
  for (let i = 0; i < count; i++) into[from + i] = total && weight(i) / total
}
