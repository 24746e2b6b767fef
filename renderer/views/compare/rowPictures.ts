import type { RowCurves } from '../../../core/stats/rowCurve.ts'
import { say } from '../../../core/words/say.ts'
import { t } from '../../i18n/index.ts'
import { metricName } from '../../i18n/names.ts'
import { settings } from '../../lab/settings.svelte.ts'
import { gainPicture, sizePicture } from './sizePictures.ts'

/** One line per method with its interval at every size of the training fold. */
export const rowPicture = ({ metric, methods }: RowCurves) =>
  sizePicture(
    say(settings.language, 'curve.title', { metric: metricName(metric) }),
    say(settings.language, 'curve.rows'),
    metric,
    methods.map((own) => ({ ...own, points: own.points.map((point) => ({ ...point, at: point.rows })) })),
  )

/** What a method that learns tasks together gains over its twin, size by size. */
export const sharingPicture = (
  { metric, methods }: RowCurves,
  own: RowCurves['sharing'][number],
  method: string,
  against: string,
) =>
  gainPicture(
    t('rowCurve.sharing', { method, against }),
    say(settings.language, 'curve.rows'),
    metric,
    methods.findIndex(({ key }) => key === own.method),
    own.points.map((point) => ({ ...point, at: point.rows })),
  )
