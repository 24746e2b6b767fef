import type { Comparison, Difference } from '../../../core/stats/comparison.ts'
import { say } from '../../../core/words/say.ts'
import { method as methodHue, task as taskHue } from '../../charts/channels.ts'
import { short } from '../../charts/format.ts'
import type { HeatPicture, IntervalPicture } from '../../charts/picture.ts'
import { t } from '../../i18n/index.ts'
import type { Language } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'
import { alike } from './alike.ts'

/** The pictures of a comparison: what Compare draws, and what is exported. */
export const SORTS = ['effect', 'name', 'rows', 'alike'] as const
export type Sort = (typeof SORTS)[number]

export const callWord = (call: Difference['call'], language: Language) => say(language, `call.${call}`)
const labelOf = (c: Comparison, key: string) => c.methods.find((m) => m.key === key)?.label ?? key

/** Natural order: "school=9" before "school=10". */
const byName = new Intl.Collator(undefined, { numeric: true }).compare

/** Pairs that have figures on single tasks, in the order of the methods. */
export function pairsOf(c: Comparison): { method: string; against: string }[] {
  const seen = new Map<string, { method: string; against: string }>()
  for (const { method, against } of c.differences) seen.set(`${method}|${against}`, { method, against })
  return [...seen.values()]
}

/** Differences of one pair on single tasks, sorted. */
export function taskDifferences(c: Comparison, method: string, against: string, sort: Sort): Difference[] {
  const rows = new Map(c.tasks.map((task) => [task.id, task.rows]))
  const own = c.differences.filter((d) => d.method === method && d.against === against && d.task !== null)
  const name = (d: Difference) => d.task as string
  if (sort === 'alike') {
    const order = heatOrder(c, 'alike')
    return own.sort((a, b) => order.indexOf(name(a)) - order.indexOf(name(b)))
  }
  return own.sort((a, b) => {
    if (sort === 'effect') return (b.effect ?? -Infinity) - (a.effect ?? -Infinity) || byName(name(a), name(b))
    if (sort === 'rows') return (rows.get(name(b)) ?? 0) - (rows.get(name(a)) ?? 0) || byName(name(a), name(b))
    return byName(name(a), name(b))
  })
}

/** `places`: of every task among all of the experiment, for its colour. */
export function taskPicture(
  c: Comparison,
  shown: readonly Difference[],
  language: Language,
  places: ReadonlyMap<string, number> = new Map(c.tasks.map((task, i) => [task.id, i])),
): IntervalPicture {
  const metric = metricName(c.metric)
  const [first] = shown
  return {
    kind: 'interval',
    title: first
      ? t('compare.tasksTitle', { method: labelOf(c, first.method), against: labelOf(c, first.against), metric })
      : t('compare.tab.tasks'),
    x: { label: t('compare.effectAxis', { metric }) },
    heads: {
      label: t('compare.task'),
      mean: t('compare.effect'),
      low: t('compare.low'),
      high: t('compare.high'),
      note: t('compare.call'),
    },
    zero: 0,
    band: first ? [-first.smallest, first.smallest] : undefined,
    ends: [t('compare.worse'), t('compare.better')],
    rows: shown.map((d) => ({
      id: d.task as string,
      label: d.task as string,
      hue: taskHue(places.get(d.task as string) ?? 0),
      mean: d.effect,
      ci: d.ci95,
      note: callWord(d.call, language),
    })),
  }
}

/** Methods with their means: best first, or as they stand where they must not be ranked. */
export function methodPicture(c: Comparison): IntervalPicture {
  const sign = c.better === 'lower' ? 1 : -1
  const order = c.methods.map((m, i) => ({ m, i }))
  if (!c.differs)
    order.sort((a, b) => sign * ((a.m.overall.mean ?? Infinity * sign) - (b.m.overall.mean ?? Infinity * sign)))
  const metric = metricName(c.metric)
  return {
    kind: 'interval',
    title: t('compare.methodsTitle', { metric }),
    x: { label: `${metric}. ${t(c.better === 'lower' ? 'compare.lower' : 'compare.higher')}` },
    heads: {
      label: t('compare.method'),
      mean: t('compare.mean'),
      low: t('compare.low'),
      high: t('compare.high'),
      note: t('compare.role'),
    },
    rows: order.map(({ m, i }) => ({
      id: m.key,
      label: m.label,
      hue: methodHue(i),
      mean: m.overall.mean,
      ci: m.overall.ci95,
    })),
  }
}

/** [task][method] in [-1, 1]: the best method of each task is +1, the worst -1. */
export function shadesOf(c: Comparison): (number | null)[][] {
  return c.tasks.map((task) => {
    const values = c.methods.map((m) => m.perTask[task.id]?.mean ?? null)
    const known = values.filter((value) => value !== null)
    const [low, high] = [Math.min(...known), Math.max(...known)]
    const sign = c.better === 'lower' ? -1 : 1
    return values.map((value) =>
      value === null ? null : high === low ? 0 : sign * ((2 * (value - low)) / (high - low) - 1),
    )
  })
}

function heatOrder(c: Comparison, sort: Sort): string[] {
  const ids = c.tasks.map((task) => task.id)
  if (sort === 'alike') return alike(shadesOf(c)).map((i) => ids[i])
  if (sort === 'rows') return [...c.tasks].sort((a, b) => b.rows - a.rows).map((task) => task.id)
  if (sort === 'name') return ids.sort(byName)
  const [pair] = pairsOf(c)
  return pair ? taskDifferences(c, pair.method, pair.against, 'effect').map((d) => d.task as string) : ids
}

/** Tasks down, methods across: names of tasks stay readable, however many there are. */
export function heatPicture(c: Comparison, sort: Sort, keep: (id: string) => boolean): HeatPicture {
  const shades = new Map(shadesOf(c).map((row, i) => [c.tasks[i].id, row]))
  const order = heatOrder(c, sort).filter(keep)
  return {
    kind: 'heat',
    title: t('compare.heatTitle', { metric: metricName(c.metric) }),
    rows: order,
    columns: c.methods.map((m) => m.label),
    corner: t('compare.task'),
    values: order.map((id) => c.methods.map((m) => m.perTask[id]?.mean ?? null)),
    shade: order.map((id) => shades.get(id) ?? c.methods.map(() => null)),
    ends: [t('compare.heatWorst'), t('compare.heatBest')],
  }
}

/** "0.31 [0.2, 0.4]" */
export function estimateText(mean: number | null, ci95: readonly [number, number] | null): string {
  return ci95 ? `${short(mean, 3)} [${short(ci95[0], 3)}, ${short(ci95[1], 3)}]` : short(mean, 3)
}
