import { metricOf } from '../../core/stats/metrics.ts'
import { tOr } from './index.ts'

/** Names of what core names by id, in the person's language. */
export const metricName = (id: string): string => tOr(`metric.${id}`, metricOf(id)?.name ?? TRAINING[id] ?? id)

/** What balancers tell while they train. */
const TRAINING: Record<string, string> = {
  conflict: 'share of task pairs whose gradients conflict',
  cosine: "mean cosine with the other tasks' gradients",
  taskWeight: 'task weight',
  trunk: 'number of its trunk',
}

export function methodName(id: string, methods: readonly { id: string; name: string }[]): string {
  return tOr(`method.${id}`, methods.find((method) => method.id === id)?.name ?? id)
}
