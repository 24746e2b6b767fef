import type { Params, WordKey } from '../words/say.ts'
import { say, type Language } from '../words/say.ts'
import { CALLS, PLAIN, type Comparison, type Difference, type MethodFigures } from './comparison.ts'
import { decimalsFor, decimalsOf, written } from './decimals.ts'
import { metricOf } from './metrics.ts'

/** A plain-words sentence as a key of the catalogue with its params, so that any language can say it. */
export type Sentence = { key: WordKey; params: Params }
export type Verdict = {
  /** The one answer, first on the page. */
  headline: Sentence
  /** What stands beside it: the effect over all tasks, the other tasks, doubts. */
  details: Sentence[]
  /** One sentence per task of the method that the headline is about. */
  tasks: { task: string; sentence: Sentence }[]
  /** Keys of the method that the headline is about and of what it was compared with. */
  about: { method: string; against: string } | null
}

/** What a comparison says, in words. Interval texts inside params are in `language`, all else is language-free. */
export function verdict(comparison: Comparison, language: Language = 'en'): Verdict {
  const none = (headline: Sentence): Verdict => ({
    headline,
    details: best(comparison, language),
    tasks: [],
    about: null,
  })
  const { differs, methods } = comparison
  if (differs)
    return none({ key: 'verdict.differs', params: { field: differs.field, values: differs.values.join('; ') } })
  if (methods.every((m) => m.overall.mean === null)) return { ...none(nothing), details: [] }
  const main = subject(comparison)
  if (!main && methods.length > 1) return none({ key: 'verdict.unpaired', params: { n: methods.length } })
  if (!main) return none({ key: 'verdict.alone', params: { method: methods[0].label } })
  const own = comparison.differences.filter((d) => d.method === main.method && d.against === main.against)
  const overall = own.find((d) => d.task === null)
  const tasks = own.filter((d) => d.task !== null)
  const method = figuresOf(comparison, main.method)
  const names = { method: method.label, against: figuresOf(comparison, main.against).label }
  const details = overall ? effect(overall, comparison, language) : []
  const counts = countCalls(tasks)
  const settled = counts.helps + counts.hurts
  const mixed = new Set(tasks.map((d) => d.call)).size > 1
  if (mixed && tasks.length <= MOST_NAMED) details.push(...named(tasks, language))
  else if (mixed && settled && counts.same + counts.open) details.push(rest(counts))
  const against = tasks.filter(
    (d) => d.raw !== null && (d.call === 'helps' ? d.raw < 0 : d.call === 'hurts' && d.raw > 0),
  )
  if (against.length) details.push({ key: 'verdict.pooled', params: { n: against.length } })
  const together = headline(tasks.length ? tasks : overall ? [overall] : [], names, method.together)
  const pool = pooling(comparison, main.method, language)
  return {
    headline: pool?.first ?? together,
    details: [
      ...partial(comparison),
      ...(pool?.first ? [together] : []),
      ...details,
      ...(pool?.beside ?? []),
      ...(figuresOf(comparison, main.against).id === PLAIN ? [] : plainCheck(comparison, method)),
      ...best(comparison, language),
    ],
    tasks: tasks.map((d) => ({
      task: d.task as string,
      sentence: taskSentence(d, names.method, comparison, language),
    })),
    about: main,
  }
}

function partial(c: Comparison): Sentence[] {
  if (c.complete) return []
  const count = (of: (m: MethodFigures) => number) => c.methods.reduce((sum, m) => sum + of(m), 0)
  const done = count((m) => m.runs.done)
  return [
    {
      key: 'verdict.partial',
      params: { done, of: count(({ runs }) => runs.done + runs.failed + runs.stopped + runs.pending) },
    },
  ]
}

const MOST_NAMED = 8

/** Which tasks have which call, by name. */
function named(tasks: Difference[], language: Language): Sentence[] {
  return CALLS.flatMap((call): Sentence[] => {
    const own = tasks.filter((d) => d.call === call).map((d) => d.task as string)
    return own.length
      ? [{ key: `verdict.list.${call}`, params: { tasks: own.join(language === 'zh' ? '、' : ', ') } }]
      : []
  })
}

const nothing: Sentence = { key: 'verdict.nothing', params: {} }

/** The sentences as text, headline first. */
export function verdictText(v: Verdict, language: Language): string[] {
  return [v.headline, ...v.details].map(({ key, params }) => say(language, key, params))
}

/** The first chosen method that learns tasks together; else the first chosen one; else any that has a twin. */
function subject(c: Comparison): { method: string; against: string } | null {
  const tested = c.differences.filter((d) => d.raw !== null)
  const of = (wanted: (m: MethodFigures) => boolean) => {
    const keys = c.methods.filter(wanted).map((m) => m.key)
    return keys.flatMap((key) => tested.find((d) => d.method === key) ?? [])[0]
  }
  const found = of((m) => m.role === 'chosen' && m.together) ?? of((m) => m.role === 'chosen') ?? of(() => true)
  return found ? { method: found.method, against: found.against } : null
}

const figuresOf = (c: Comparison, key: string) => c.methods.find((m) => m.key === key) as MethodFigures

function countCalls(differences: Difference[]) {
  const count = (call: Difference['call']) => differences.filter((d) => d.call === call).length
  return {
    helps: count('helps'),
    hurts: count('hurts'),
    same: count('no-useful-difference'),
    open: count('not-settled'),
  }
}

function headline(differences: Difference[], names: { method: string; against: string }, together: boolean): Sentence {
  const { helps, hurts, same } = countCalls(differences)
  const n = differences.length
  const kind = helps && hurts ? 'mixed' : helps ? 'helps' : hurts ? 'hurts' : n && same === n ? 'same' : 'open'
  const of = together ? 'together' : 'method'
  const key: WordKey =
    n === 1 && kind !== 'mixed' && kind !== 'open' ? `verdict.${of}.${kind}.one` : `verdict.${of}.${kind}`
  return { key, params: { ...names, helps, hurts, n } }
}

function rangeText(ci95: [number, number], decimals: number, language: Language): string {
  return say(language, 'interval.range', {
    low: written(ci95[0], decimals, true),
    high: written(ci95[1], decimals, true),
  })
}

function effect(d: Difference, c: Comparison, language: Language): Sentence[] {
  if (d.effect === null || c.tasks.length === 1) return []
  const metric = metricOf(c.metric)?.name ?? c.metric
  const decimals = d.ci95 ? decimalsFor((d.ci95[1] - d.ci95[0]) / 2) : decimalsOf(c)
  const params = { metric, effect: written(Math.abs(d.effect), decimals) }
  if (!d.ci95) return [{ key: 'verdict.overall.point', params }]
  const interval = rangeText(d.ci95, decimals, language)
  const key = { helps: 'better', hurts: 'worse', 'no-useful-difference': 'same', 'not-settled': 'open' } as const
  return [{ key: `verdict.overall.${key[d.call]}`, params: { ...params, interval } }]
}

/**
 * Where one model for all tasks beats each task alone, and is better than the method or does as well on every task, the
 * answer is to pool; otherwise what it lacks stands beside the answer.
 */
function pooling(c: Comparison, method: string, language: Language): { first?: Sentence; beside?: Sentence[] } | null {
  const found = c.pools?.find((d) => d.against === method)
  if (!found?.ci95 || found.effect === null) return null
  const decimals = decimalsFor((found.ci95[1] - found.ci95[0]) / 2)
  const params = {
    pool: figuresOf(c, found.method).label,
    method: figuresOf(c, method).label,
    metric: metricOf(c.metric)?.name ?? c.metric,
    effect: written(Math.abs(found.effect), decimals),
    interval: rangeText(found.ci95, decimals, language),
    n: found.worse,
  }
  if (found.call === 'hurts') return { beside: [{ key: 'verdict.pool.hurts', params }] }
  if (found.call === 'not-settled') return { beside: [{ key: 'verdict.pool.open', params }] }
  if (found.worse) return { beside: [{ key: 'verdict.pool.some', params }] }
  const alone = c.differences.find((d) => d.method === found.method && d.task === null)
  const key = found.call === 'helps' ? 'verdict.pool.better' : 'verdict.pool.same'
  return alone?.call === 'helps' ? { first: { key, params } } : { beside: [{ key, params }] }
}

/** Neither of the two is told where it is none. */
function rest({ same, open }: { same: number; open: number }): Sentence {
  const key = same && open ? 'verdict.rest' : same ? 'verdict.rest.same' : 'verdict.rest.open'
  return { key, params: { same, open } }
}

/** A method that wins against its twin may still be useless: its interval must lie on the good side of the plain one. */
function plainCheck(c: Comparison, method: MethodFigures): Sentence[] {
  const plain = c.methods.find((m) => m.id === PLAIN)
  const [own, base] = [method.overall, plain?.overall]
  if (!plain || plain === method || own.mean === null || !base || base.mean === null) return []
  const clear = c.better === 'lower' ? (own.ci95?.[1] ?? own.mean) < base.mean : (own.ci95?.[0] ?? own.mean) > base.mean
  return clear ? [] : [{ key: 'verdict.plain.no', params: { method: method.label, against: plain.label } }]
}

function best(c: Comparison, language: Language): Sentence[] {
  const tested = c.methods.filter((m) => m.overall.mean !== null)
  if (c.differs || tested.length < 2) return []
  const sign = c.better === 'lower' ? 1 : -1
  const [first] = [...tested].sort((a, b) => sign * ((a.overall.mean as number) - (b.overall.mean as number)))
  const { mean, ci95 } = first.overall
  const decimals = ci95 ? decimalsFor((ci95[1] - ci95[0]) / 2) : decimalsOf(c)
  const open = language === 'zh' ? '（' : ' ('
  const close = language === 'zh' ? '）' : ')'
  const range =
    ci95 && say(language, 'interval.range', { low: written(ci95[0], decimals), high: written(ci95[1], decimals) })
  const text = written(mean, decimals) + (range ? open + range + close : '')
  return [
    { key: 'verdict.best', params: { method: first.label, metric: metricOf(c.metric)?.name ?? c.metric, mean: text } },
  ]
}

function taskSentence(d: Difference, method: string, c: Comparison, language: Language): Sentence {
  const task = d.task as string
  if (!d.ci95 || d.effect === null) return { key: 'verdict.task.no-interval', params: { task } }
  const decimals = decimalsFor((d.ci95[1] - d.ci95[0]) / 2)
  return {
    key: `verdict.task.${d.call}`,
    params: {
      task,
      method,
      metric: metricOf(c.metric)?.name ?? c.metric,
      effect: written(Math.abs(d.effect), decimals),
      interval: rangeText(d.ci95, decimals, language),
      smallest: written(d.smallest, Math.max(decimals, decimalsFor(d.smallest) - 1)),
    },
  }
}
