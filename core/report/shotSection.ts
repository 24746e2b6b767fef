import { metricOf } from '../stats/metrics.ts'
import type { ShotCurves } from '../stats/shotCurve.ts'
import { say, type Language, type Params, type WordKey } from '../words/say.ts'
import { drawnSection } from './curveSection.ts'
import type { Markup } from './html.ts'

/** Error against the number of labelled rows of a new task: what they are worth, and where the best baseline is beaten. */
export function shotSection(curves: ShotCurves, language: Language): Markup | null {
  const { metric, shots, methods, tasks } = curves
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  return drawnSection({
    name: 'shots',
    title: t('shots.title', { metric: metricOf(metric)?.name ?? metric }),
    axis: t('shots.rows'),
    metric,
    said: [worth(curves, t), settled(curves, t)].filter((text) => text !== null),
    rows: shots,
    methods: methods.map(({ label, points }) => ({
      label,
      points: points.map(({ shots: rows, mean, ci95 }) => ({ rows, mean, ci95 })),
    })),
    note: t('shots.note', { n: tasks }),
  })
}

type Say = (key: WordKey, params?: Params) => string
const nameOf = ({ methods }: ShotCurves, key: string) => methods.find((own) => own.key === key)?.label ?? key

function worth(curves: ShotCurves, t: Say): string | null {
  const own = curves.worth
  if (!own) return null
  const params = { method: nameOf(curves, own.method), alone: nameOf(curves, own.alone), n: own.rows }
  if (own.more) return t('shots.more', { ...params, most: curves.shots.at(-1)! })
  if (own.equals <= own.rows) return t('shots.notWorth', params)
  const [equals, low, high] = [own.equals, ...(own.ci95 ?? [own.equals, own.equals])].map(Math.round)
  return t('shots.worth', { ...params, equals, low, high })
}

function settled(curves: ShotCurves, t: Say): string | null {
  const own = curves.methods.find(({ key }) => key === curves.worth?.method)
  if (!own?.against.length || !curves.baseline) return null
  const baseline = nameOf(curves, curves.baseline)
  const at = own.against.flatMap(({ shots, ci95 }) => (ci95 && ci95[0] > 0 ? [shots] : []))
  return at.length ? t('shots.settled', { baseline, at: at.join(', ') }) : t('shots.unsettled', { baseline })
}
