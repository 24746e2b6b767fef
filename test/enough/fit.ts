import { chanceOf, signs, WORTH } from '../../core/enough/advice.ts'
import type { Row } from './table.ts'

type Known = Row & { probe: NonNullable<Row['probe']> }
export const usable = (rows: Row[]): Known[] => rows.filter((row): row is Known => row.probe !== null)
export const outcome = (row: Row): number => Number(row.gain > WORTH)

/** Logistic regression with a penalty of half a unit on the slopes, by Newton's method: [level, ...slopes]. */
export function fitChance(rows: Known[]): number[] {
  const x = rows.map(({ probe }) => [1, ...signs(probe)])
  const y = rows.map(outcome)
  let w = x[0].map(() => 0)
  for (let round = 0; round < 30; round++) {
    const p = x.map((own) => 1 / (1 + Math.exp(-own.reduce((sum, v, k) => sum + v * w[k], 0))))
    const gradient = w.map((value, k) => x.reduce((sum, own, i) => sum + (p[i] - y[i]) * own[k], k ? value : 0))
    const hessian = w.map((_, k) =>
      w.map((__, l) =>
        x.reduce((sum, own, i) => sum + p[i] * (1 - p[i]) * own[k] * own[l], k === l ? (k ? 1 : 1e-9) : 0),
      ),
    )
    const step = solve(hessian, gradient)
    w = w.map((value, k) => value - step[k])
  }
  return w.map((value) => Number(value.toFixed(3)))
}

function solve(a: number[][], b: number[]): number[] {
  const m = a.map((row, i) => [...row, b[i]])
  for (let i = 0; i < m.length; i++)
    for (let r = 0; r < m.length; r++) {
      if (r === i) continue
      const f = m[r][i] / m[i][i]
      for (let c = i; c <= m.length; c++) m[r][c] -= f * m[i][c]
    }
  return m.map((row, i) => row[m.length] / row[i])
}

/** How advice of a chance does: right answers, and the Brier score (mean squared distance of chance and outcome). */
export function judged(rows: Known[], chance: (row: Known) => number) {
  const hits = rows.filter((row) => Number(chance(row) > 0.5) === outcome(row)).length
  const brier = rows.reduce((sum, row) => sum + (chance(row) - outcome(row)) ** 2, 0) / rows.length
  return { hits, brier: Number(brier.toFixed(4)) }
}

export function calibrate(table: Row[]) {
  const rows = usable(table)
  const weights = fitChance(rows.filter((row) => !row.heldOut))
  const asked = rows.filter((row) => row.heldOut)
  return {
    weights,
    tried: rows.length - asked.length,
    heldOut: {
      n: asked.length,
      advice: judged(asked, ({ probe }) => chanceOf(probe, weights)),
      always: judged(asked, () => 1),
      never: judged(asked, () => 0),
    },
  }
}
