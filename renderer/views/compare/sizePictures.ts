import { method as methodHue } from '../../charts/channels.ts'
import type { IntervalPicture, LinePicture, Point } from '../../charts/picture.ts'
import { number, t, tOr } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'

/** Figures against a number of rows: of a new task (`shotPictures.ts`), or of the training fold (`rowPictures.ts`). */
type Named = { id: string; label: string }
type Interval = [number, number] | null
type Method = Named & { key: string; points: { at: number; mean: number; ci95: Interval }[] }

export const nameOf = ({ id, label }: Named) => tOr(`method.${id}`, label)

/** One line per method with its interval at every size. */
export const sizePicture = (title: string, x: string, metric: string, methods: readonly Method[]): LinePicture => ({
  kind: 'line',
  title,
  x: { label: x, log: true },
  y: { label: metricName(metric) },
  series: methods.map((method, index) => ({
    id: method.key,
    label: nameOf(method),
    hue: methodHue(index),
    points: method.points.map(({ at, mean }): Point => [at, mean]),
    ci: method.points.map(({ ci95 }) => ci95),
  })),
})

type Gain = { at: number; effect: number; ci95: Interval }
/** What one method (its place `index` gives the colour) gains over another, size by size. */
export const gainPicture = (
  title: string,
  x: string,
  metric: string,
  index: number,
  gains: readonly Gain[],
): IntervalPicture => ({
  kind: 'interval',
  title,
  x: { label: metricName(metric) },
  heads: { label: x, mean: t('shots.effect'), low: t('compare.low'), high: t('compare.high'), note: '' },
  zero: 0,
  ends: [t('shots.worse'), t('shots.better')],
  rows: gains.map(({ at, effect, ci95 }) => ({
    id: String(at),
    label: number(at),
    hue: methodHue(index),
    mean: effect,
    ci: ci95,
  })),
})
