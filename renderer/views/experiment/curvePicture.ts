import type { LinePicture } from '../../charts/picture.ts'
import { method, task } from '../../charts/channels.ts'
import type { Curve } from '../../lab/liveRun.svelte.ts'
import { t } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'

/** Whether a metric is told over all tasks, per task, or both. */
export function told(name: string, curves: Iterable<Curve>): { overall: boolean; byTask: boolean } {
  const mine = [...curves].filter((curve) => curve.name === name && curve.split !== 'test' && curve.steps.length > 1)
  return { overall: mine.some((curve) => curve.task === null), byTask: mine.some((curve) => curve.task !== null) }
}

/** Metrics of a run that have a course: more than one step somewhere. */
export function courses(curves: Iterable<Curve>): string[] {
  const names = new Set<string>()
  for (const curve of curves) if (curve.split !== 'test' && curve.steps.length > 1) names.add(curve.name)
  return [...names]
}

/** The curves of one metric as a chart: over all tasks by split, or per task where a method tells them apart. */
export function curvePicture(
  name: string,
  curves: Iterable<Curve>,
  tasks: readonly string[],
  title: string,
  byTask: boolean,
): LinePicture {
  const splits = ['train', 'inner'] as const
  const series = [...curves]
    .filter((curve) => curve.name === name && curve.split !== 'test' && (curve.task !== null) === byTask)
    .map((curve) => {
      const split = splits.indexOf(curve.split as (typeof splits)[number])
      const at = curve.task === null ? -1 : tasks.indexOf(curve.task)
      return {
        id: `${curve.split} ${curve.task ?? ''}`,
        label: curve.task === null ? t(`split.${curve.split}`) : `${curve.task}, ${t(`split.${curve.split}`)}`,
        hue: at >= 0 ? task(at) : method(split),
        points: curve.steps.map((step, i): [number, number] => [step, curve.values[i]]),
      }
    })
  return {
    kind: 'line',
    title,
    x: { label: t('curves.step') },
    y: { label: metricName(name) },
    series,
  }
}
