import type { Relations } from '../../../core/relations/relations.ts'
import { task as taskHue } from '../../charts/channels.ts'
import { short } from '../../charts/format.ts'
import type { HeatPicture, IntervalPicture } from '../../charts/picture.ts'
import { t } from '../../i18n/index.ts'
import type { Sort } from './pictures.ts'

/** The pictures of relations between tasks: the matrix, and one row or column of it with intervals. */
export const SOURCES = ['pairs', 'leave-one-out', 'gain', 'cosine'] as const
export type Source = (typeof SOURCES)[number]

export const sourceName = (source: Source) => t(`relations.source.${source}`)
export const isEstimate = (source: Source) => source === 'gain' || source === 'cosine'

type Matrix = { values: (number | null)[]; low: (number | null)[] | null; high: (number | null)[] | null }

/** What is known, the measured first. */
export function sourcesOf(r: Relations): Source[] {
  const measured = SOURCES.filter((source) => r.measured.some(({ design }) => design === source))
  return r.estimate ? [...measured, 'gain', 'cosine'] : measured
}

export function matrixOf(r: Relations, source: Source): Matrix {
  const found = r.measured.find(({ design }) => design === source)
  if (found) return { values: found.effect, low: found.low, high: found.high }
  return { values: r.estimate?.[source as 'gain' | 'cosine'] ?? [], low: null, high: null }
}

/** Tasks in the order of the matrix: clustered, by what they give on average, by name or by rows. */
export function relationOrder(r: Relations, source: Source, sort: Sort): number[] {
  if (sort === 'alike') return r.order
  const n = r.tasks.length
  const { values } = matrixOf(r, source)
  const given = (s: number) => mean(values.slice(s * n, (s + 1) * n))
  const order = r.tasks.map((_, k) => k)
  if (sort === 'name') return order.sort((a, b) => byName(r.tasks[a].id, r.tasks[b].id))
  if (sort === 'rows') return order.sort((a, b) => r.tasks[b].rows - r.tasks[a].rows)
  return order.sort((a, b) => given(b) - given(a))
}
const byName = new Intl.Collator(undefined, { numeric: true }).compare

function mean(values: (number | null)[]): number {
  const known = values.filter((value) => value !== null)
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : 0
}

/** Full colour: nineteen of twenty cells are paler, so that one wild cell does not make all others look alike. */
function fullColour(values: (number | null)[]): number {
  const sizes = values.flatMap((value) => (value === null ? [] : [Math.abs(value)])).sort((a, b) => a - b)
  return sizes[Math.floor(0.95 * (sizes.length - 1))] || 1
}

/** Names stand over the columns of few tasks; many are numbered, each row with the number of its column. */
const NAMED = 6

export function matrixPicture(
  r: Relations,
  source: Source,
  order: number[],
  keep: (id: string) => boolean,
): HeatPicture {
  const n = r.tasks.length
  const { values, low, high } = matrixOf(r, source)
  const full = fullColour(values)
  const numbered = n > NAMED
  const place = new Map(order.map((k, i) => [k, i + 1]))
  const rows = order.filter((k) => keep(r.tasks[k].id))
  const at = rows.map((s) => order.map((k) => s * n + k))
  const unclear = (cell: number) => low !== null && !(Number(low[cell] ?? -1) > 0 || Number(high![cell] ?? 1) < 0)
  return {
    kind: 'heat',
    title: t(isEstimate(source) ? 'relations.titleEstimate' : 'relations.title', { source: sourceName(source) }),
    rows: rows.map((k) => (numbered ? `${place.get(k)} · ${r.tasks[k].id}` : r.tasks[k].id)),
    columns: order.map((k) => r.tasks[k].id),
    ...(numbered ? { ticks: order.map((k) => String(place.get(k))) } : {}),
    corner: t('relations.corner'),
    values: at.map((cells) => cells.map((cell) => values[cell])),
    shade: at.map((cells) => cells.map((cell) => (values[cell] === null ? null : values[cell] / full))),
    ...(low
      ? {
          open: at.map((cells) => cells.map((cell) => values[cell] !== null && unclear(cell))),
          ci: at.map((cells) => cells.map((cell) => endsOf(low[cell], high![cell]))),
          openNote: t('relations.unclear'),
        }
      : {}),
    ends: [t('relations.hurts', { value: short(full, 2) }), t('relations.helps', { value: short(full, 2) })],
  }
}

const endsOf = (low: number | null, high: number | null): [number, number] | null =>
  low === null || high === null ? null : [low, high]

/** One task: what each other gives it, or what it gives each other, the most helpful first. */
export function taskRelations(
  r: Relations,
  source: Source,
  task: number,
  direction: 'gets' | 'gives',
  places: ReadonlyMap<string, number>,
): IntervalPicture {
  const n = r.tasks.length
  const { values, low, high } = matrixOf(r, source)
  const others = r.tasks.map((_, k) => k).filter((k) => k !== task)
  const cell = (k: number) => (direction === 'gets' ? k * n + task : task * n + k)
  others.sort((a, b) => (values[cell(b)] ?? -Infinity) - (values[cell(a)] ?? -Infinity))
  const { id } = r.tasks[task]
  return {
    kind: 'interval',
    title: t(direction === 'gets' ? 'relations.getsTitle' : 'relations.givesTitle', {
      task: id,
      source: sourceName(source),
    }),
    x: { label: t(isEstimate(source) ? 'relations.estimateAxis' : 'relations.axis') },
    heads: {
      label: t('compare.task'),
      mean: t('compare.effect'),
      low: t('compare.low'),
      high: t('compare.high'),
      note: t('compare.call'),
    },
    zero: 0,
    ends: [t('relations.worse'), t('relations.better')],
    rows: others.map((k) => ({
      id: r.tasks[k].id,
      label: r.tasks[k].id,
      hue: taskHue(places.get(r.tasks[k].id) ?? k),
      mean: values[cell(k)],
      ci: low ? endsOf(low[cell(k)], high![cell(k)]) : null,
    })),
  }
}
