import type { RowCurves } from '../../../core/stats/rowCurve.ts'
import { method as methodHue } from '../../charts/channels.ts'
import type { IntervalPicture, LinePicture, Point } from '../../charts/picture.ts'
import { number, t, tOr } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'

/** One line per method with its interval at every size of the training fold. */
export function rowPicture(curves: RowCurves): LinePicture {
  return {
    kind: 'line',
    title: t('rowCurve.title', { metric: metricName(curves.metric) }),
    x: { label: t('rowCurve.rows'), log: true },
    y: { label: metricName(curves.metric) },
    series: curves.methods.map(({ key, id, label, points }, index) => ({
      id: key,
      label: tOr(`method.${id}`, label),
      hue: methodHue(index),
      points: points.map(({ rows, mean }): Point => [rows, mean]),
      ci: points.map(({ ci95 }) => ci95),
    })),
  }
}

/** What a method that learns tasks together gains over its twin, size by size. */
export function sharingPicture(
  curves: RowCurves,
  own: RowCurves['sharing'][number],
  method: string,
  against: string,
): IntervalPicture {
  return {
    kind: 'interval',
    title: t('rowCurve.sharing', { method, against }),
    x: { label: metricName(curves.metric) },
    heads: {
      label: t('rowCurve.rows'),
      mean: t('shots.effect'),
      low: t('compare.low'),
      high: t('compare.high'),
      note: '',
    },
    zero: 0,
    ends: [t('shots.worse'), t('shots.better')],
    rows: own.points.map(({ rows, effect, ci95 }) => ({
      id: String(rows),
      label: number(rows),
      hue: methodHue(curves.methods.findIndex(({ key }) => key === own.method)),
      mean: effect,
      ci: ci95,
    })),
  }
}
