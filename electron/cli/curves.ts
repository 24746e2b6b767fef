import type { Lab } from '../../core/contract.ts'
import { endOf } from '../../core/stats/rowCurve.ts'
import type { RowCurves } from '../../core/stats/rowCurve.ts'
import { decimalsFor, median, written } from '../../core/stats/decimals.ts'
import { english } from '../../core/words/say.ts'
import { textTable } from './table.ts'

/** The learning curve over training rows per task, where the experiment has one. */
export async function curvesOf(lab: Lab, id: string): Promise<RowCurves | null> {
  const { spec } = await lab.call('experiment.get', { id })
  const { rowCurve, protocol } = spec.evaluation
  return rowCurve.length && protocol !== 'few-shot' ? lab.call('experiment.rows', { id }) : null
}

export function curveText({ metric, rows, methods, sharing }: RowCurves): string {
  const halves = methods.flatMap(({ points }) => points.flatMap(({ ci95 }) => (ci95 ? [(ci95[1] - ci95[0]) / 2] : [])))
  const decimals = decimalsFor(median(halves) ?? 0)
  const table = textTable(
    [`${metric} at rows per task`, ...rows.map(String)],
    methods.map(({ label, points }) => [
      label,
      ...points.map(
        ({ mean, ci95 }) => written(mean, decimals) + (ci95 ? ` ± ${written((ci95[1] - ci95[0]) / 2, decimals)}` : ''),
      ),
    ]),
  )
  const ends = sharing.map((own) => {
    const { key, params } = endOf(own, (name) => name)
    return english(key, params)
  })
  return [table, '', ...ends].join('\n')
}
