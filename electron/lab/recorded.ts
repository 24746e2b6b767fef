import type { RunSummary } from '../../core/contract.ts'
import { methods } from '../../core/methods.ts'
import { metricOf } from '../../core/stats/metrics.ts'

/** The metric of a curve over sizes: the one asked for, else the first that was recorded at a size ("rmse@5"). */
export function curveMetric(runs: readonly RunSummary[], asked: string | undefined) {
  const recorded = runs.flatMap((run) => Object.keys(run.metrics)).find((metric) => metric.includes('@'))
  return metricOf(asked ?? recorded?.split('@')[0] ?? 'rmse')
}

/** The runs of each method, in the order of the runs, with the name that people read. */
export function byMethod(runs: readonly RunSummary[]) {
  return [...new Set(runs.map((run) => run.methodKey))].map((key) => {
    const own = runs.filter((run) => run.methodKey === key)
    const { id, label } = own[0].method
    const method = methods.find((m) => m.id === id)
    return { key, id, label: label ?? method?.name ?? key, method, runs: own }
  })
}
