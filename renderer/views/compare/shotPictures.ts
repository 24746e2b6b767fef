import type { ShotCurves } from '../../../core/stats/shotCurve.ts'
import { method as methodHue } from '../../charts/channels.ts'
import type { IntervalPicture, LinePicture, Point } from '../../charts/picture.ts'
import { number, t, tOr } from '../../i18n/index.ts'
import { metricName } from './pictures.ts'

type Method = ShotCurves['methods'][number]
const nameOf = ({ id, label }: Method) => tOr(`method.${id}`, label)

/** One line per method with the interval over tasks at every point. */
export function shotPicture(curves: ShotCurves): LinePicture {
  return {
    kind: 'line',
    title: t('shots.title', { metric: metricName(curves.metric) }),
    x: { label: t('shots.rows'), log: true },
    y: { label: metricName(curves.metric) },
    series: curves.methods.map((method, index) => ({
      id: method.key,
      label: nameOf(method),
      hue: methodHue(index),
      points: method.points.map(({ shots, mean }): Point => [shots, mean]),
      ci: method.points.map(({ ci95 }) => ci95),
    })),
  }
}

/** Of one method: its improvement over the best baseline, point by point, paired over tasks. */
export function differencePicture(curves: ShotCurves, method: Method, baseline: string): IntervalPicture {
  return {
    kind: 'interval',
    title: t('shots.against', { method: nameOf(method), baseline }),
    x: { label: metricName(curves.metric) },
    heads: {
      label: t('shots.rows'),
      mean: t('shots.effect'),
      low: t('compare.low'),
      high: t('compare.high'),
      note: '',
    },
    zero: 0,
    ends: [t('shots.worse'), t('shots.better')],
    rows: method.against.map(({ shots, effect, ci95 }) => ({
      id: String(shots),
      label: number(shots),
      hue: methodHue(curves.methods.indexOf(method)),
      mean: effect,
      ci: ci95,
    })),
  }
}
