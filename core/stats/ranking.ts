import type { Ranking } from './comparison.ts'
import { byTask, type Evidence } from './evidence.ts'
import type { Metric } from './metrics.ts'
import { friedman, holm, wilcoxon } from './rankings.ts'

const LEAST_TASKS = 6
const LEAST_METHODS = 3

/** The ranking of methods over tasks; null with fewer than six tasks or three methods that all have figures for. */
export function rankingOf(
  evidence: readonly Evidence[],
  against: readonly [Evidence, Evidence][],
  tasks: readonly { id: string }[],
  metric: Metric,
): Ranking | null {
  const sign = metric.better === 'lower' ? 1 : -1
  const figures = new Map(evidence.map((e) => [e, byTask(e)]))
  const full = evidence.filter((e) => figures.get(e)?.size)
  const shared = tasks.filter((task) => full.every((e) => figures.get(e)?.has(task.id)))
  if (shared.length < LEAST_TASKS || full.length < LEAST_METHODS) return null
  const value = (e: Evidence, task: string) => sign * (figures.get(e)?.get(task) as number)
  const compared = against.filter(([a, b]) => full.includes(a) && full.includes(b))
  const p = compared.map(([a, b]) => wilcoxon(shared.map((task) => value(a, task.id) - value(b, task.id))))
  // Pairs without any difference have no p; Holm corrects the others.
  const defined = p.filter((x): x is number => x !== null)
  const adjusted = holm(defined)
  let next = 0
  const all = friedman(shared.map((task) => full.map((e) => value(e, task.id))))
  return {
    tasks: shared.length,
    pairs: compared.map(([a, b], i) => ({
      method: a.key,
      against: b.key,
      p: p[i],
      adjusted: p[i] === null ? null : adjusted[next++],
    })),
    friedman: all && {
      statistic: all.statistic,
      p: all.p,
      criticalDifference: all.criticalDifference,
      ranks: full.map((e, i) => ({ method: e.key, rank: all.ranks[i] })),
    },
  }
}
