import type { Result } from '../../../core/contract.ts'
import { method as methodHue } from '../../charts/channels.ts'
import type { LinePicture, Point } from '../../charts/picture.ts'
import { t } from '../../i18n/index.ts'

/**
 * The labelled rows of a new task in the order of their values: what was measured, what the model says before it
 * learned from them, and what it says at one step.
 */
export function fitPicture({ truth, trace }: Result<'run.adapt'>, at: number, label: string): LinePicture {
  const order = truth
    .flatMap((value, row) => (typeof value === 'number' ? [{ value, row }] : []))
    .sort((a, b) => a.value - b.value)
  const line = (said: (row: number) => unknown) =>
    order.flatMap(({ row }, place): Point[] => {
      const value = said(row)
      return typeof value === 'number' ? [[place + 1, value]] : []
    })
  /** What it states about the rows that it answers: one standard deviation to either side. */
  const { said, sd } = trace[at]
  const ci = order.flatMap(({ row }): ([number, number] | null)[] => {
    const [value, own] = [said[row], sd?.[row]]
    if (typeof value !== 'number') return []
    return [typeof own === 'number' ? [value - own, value + own] : null]
  })
  const series = [
    { id: 'measured', label: t('adapt.measured'), points: line((row) => truth[row]) },
    ...(at > 0 ? [{ id: 'before', label: t('adapt.before'), points: line((row) => trace[0].said[row]) }] : []),
    { id: 'at', label, points: line((row) => said[row]), ...(sd ? { ci } : {}) },
  ]
  return {
    kind: 'line',
    title: t('adapt.fit'),
    x: { label: t('adapt.order') },
    y: { label: t('adapt.value') },
    series: series.map((own, k) => ({ ...own, hue: methodHue(k) })),
  }
}
