import type { TaskKind } from './data/taskSet.ts'

/** In place: logistic for binary, softmax for several classes. */
export function link(kind: TaskKind, out: Float64Array): void {
  if (kind === 'binary') out[0] = 1 / (1 + Math.exp(-out[0]))
  if (kind !== 'multiclass') return
  let largest = -Infinity
  for (const value of out) if (value > largest) largest = value
  let sum = 0
  for (let k = 0; k < out.length; k++) sum += out[k] = Math.exp(out[k] - largest)
  for (let k = 0; k < out.length; k++) out[k] /= sum
}

/** The loss of one cell, -log p(y) or (score - y)^2 / 2; `score` becomes its slope, p - y or score - y. */
export function residual(kind: TaskKind, score: Float64Array, y: number): number {
  if (kind === 'regression') return (score[0] -= y) ** 2 / 2
  if (kind === 'binary') {
    const s = score[0]
    score[0] = 1 / (1 + Math.exp(-s)) - y
    return Math.max(s, 0) - s * y + Math.log1p(Math.exp(-Math.abs(s)))
  }
  const largest = score.reduce((most, v) => Math.max(most, v), -Infinity)
  const own = score[y]
  let sum = 0
  for (let k = 0; k < score.length; k++) sum += score[k] = Math.exp(score[k] - largest)
  for (let k = 0; k < score.length; k++) score[k] = score[k] / sum - (k === y ? 1 : 0)
  return Math.log(sum) + largest - own
}
