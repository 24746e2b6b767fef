import type { Comparison, Estimate, IntervalRule } from './comparison.ts'
import { PLAIN } from './comparison.ts'
import { decimalsOf, written } from './decimals.ts'
import { metricOf } from './metrics.ts'
import type { Sentence } from './verdict.ts'
import { say, type Language } from '../words/say.ts'

/**
 * Figures of the same methods from rows dealt at random and from groups kept whole, side by side, and by how much the
 * first flatters: its figure minus the other, signed so that positive means that rows at random look better. The two
 * come from other test sets, so the interval of the difference takes them as independent: sqrt(h1^2 + h2^2) of the two
 * half-widths, which is approximate.
 */
export type SideBySide = {
  metric: string
  better: Comparison['better']
  random: IntervalRule
  whole: IntervalRule
  rows: {
    key: string
    label: string
    random: Estimate
    whole: Estimate
    flatters: { by: number; ci95: [number, number] | null } | null
  }[]
  /** What it means, about the method that looks best where rows are dealt at random. */
  sentences: Sentence[]
}

export function sideBySide(
  random: Comparison,
  whole: Comparison,
  column: string,
  language: Language = 'en',
): SideBySide {
  const sign = random.better === 'lower' ? 1 : -1
  const rows = random.methods.flatMap((own) => {
    const other = whole.methods.find(({ key }) => key === own.key)
    if (!other) return []
    const [a, b] = [own.overall, other.overall]
    return [{ key: own.key, label: own.label, random: a, whole: b, flatters: difference(a, b, sign) }]
  })
  return {
    metric: random.metric,
    better: random.better,
    random: random.interval,
    whole: whole.interval,
    rows,
    sentences: sentences(rows, { random, whole, column, sign, language }),
  }
}

function difference(random: Estimate, whole: Estimate, sign: number): SideBySide['rows'][number]['flatters'] {
  if (random.mean === null || whole.mean === null) return null
  const by = sign * (whole.mean - random.mean)
  const half = (e: Estimate) => (e.ci95 ? (e.ci95[1] - e.ci95[0]) / 2 : null)
  const [h1, h2] = [half(random), half(whole)]
  const around = h1 === null || h2 === null ? null : Math.hypot(h1, h2)
  return { by, ci95: around === null ? null : [by - around, by + around] }
}

type About = { random: Comparison; whole: Comparison; column: string; sign: number; language: Language }

function sentences(rows: SideBySide['rows'], { random, whole, column, sign, language }: About): Sentence[] {
  const usable = rows.filter(({ flatters }) => flatters !== null)
  if (!usable.length) return []
  const decimals = Math.min(decimalsOf(random), decimalsOf(whole))
  const best = (side: 'random' | 'whole') =>
    usable.reduce((a, b) => (sign * ((b[side].mean ?? 0) - (a[side].mean ?? 0)) < 0 ? b : a))
  const seen = best('random')
  const { by, ci95 } = seen.flatters as NonNullable<typeof seen.flatters>
  const shown = ({ mean, ci95: ci }: Estimate) => {
    const [low, high] = ci ?? [null, null]
    const range =
      low === null
        ? ''
        : say(language, 'interval.range', { low: written(low, decimals), high: written(high, decimals) })
    return range ? `${written(mean, decimals)} (${range})` : written(mean, decimals)
  }
  const params = {
    method: seen.label,
    metric: metricOf(random.metric)?.name ?? random.metric,
    random: shown(seen.random),
    whole: shown(seen.whole),
    column,
    by: written(Math.abs(by), decimals),
  }
  const call = !ci95 || (ci95[0] <= 0 && ci95[1] >= 0) ? 'open' : by > 0 ? 'flatters' : 'other'
  const out: Sentence[] = [{ key: `ways.${call}`, params }]
  const there = best('whole')
  const plain = usable.find(({ key }) => key === PLAIN)
  if (plain && seen.key !== PLAIN && sign * ((seen.whole.mean ?? 0) - (plain.whole.mean ?? 0)) >= 0)
    out.push({ key: 'ways.plain', params: { method: seen.label, plain: plain.label, column } })
  else if (there.key !== seen.key)
    out.push({ key: 'ways.best', params: { method: there.label, whole: shown(there.whole), column } })
  return out
}
