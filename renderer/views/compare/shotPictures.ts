import type { ShotCurves } from '../../../core/stats/shotCurve.ts'
import { t } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'
import { gainPicture, nameOf, sizePicture } from './sizePictures.ts'

type Method = ShotCurves['methods'][number]

/** One line per method with the interval over tasks at every point. */
export const shotPicture = ({ metric, methods }: ShotCurves) =>
  sizePicture(
    t('shots.title', { metric: metricName(metric) }),
    t('shots.rows'),
    metric,
    methods.map((own) => ({ ...own, points: own.points.map((point) => ({ ...point, at: point.shots })) })),
  )

/** Of one method: its improvement over the best baseline, point by point, paired over tasks. */
export const differencePicture = ({ metric, methods }: ShotCurves, method: Method, baseline: string) =>
  gainPicture(
    t('shots.against', { method: nameOf(method), baseline }),
    t('shots.rows'),
    metric,
    methods.indexOf(method),
    method.against.map((point) => ({ ...point, at: point.shots })),
  )
