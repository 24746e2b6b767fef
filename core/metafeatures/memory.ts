import { shareInterval } from '../stats/intervals.ts'
import type { Figures } from './catalogue.ts'
import { coordinates } from './distance.ts'
import { scaling } from './selection.ts'

/**
 * A memory of the experiments of a workspace: for a new data set, what won on the one that is nearest in standardised
 * meta-features (Brazdil, Soares and da Costa 2003). How much such advice has been worth here is asked by leaving each
 * data set out in turn: with the suggested method alone, would one have done as well as with all that the form proposes?
 * The nearest may be far: it counts as alike where it is no further than earlier data sets are from each other, by the
 * median.
 */
export type Tried = { id: string; params: Record<string, unknown>; figure: number }
export type Remembered = {
  /** Of the data set: advice never comes from the same one. */
  hash: string
  name: string
  experiment: string
  /** Only experiments that ask the same question are compared: kind of target, what the tasks are, and protocol. */
  question: string
  features: Figures
  metric: string
  better: 'lower' | 'higher'
  tried: Tried[]
  /** Ids that the form would have proposed. */
  proposed: string[]
}
export type Suggestion = { from: Remembered; best: Tried; distance: number; alike: boolean }
export type HitRate = {
  /** Data sets on which the advice could be checked. */
  n: number
  hits: number
  /** Share and its 95 % interval; null below LEAST. */
  share: { value: number; ci95: [number, number] } | null
}

/** Below this, a share says nothing. */
export const LEAST = 5
/** As good as: within one part in fifty of the figure. */
const TIE = 0.02

type Asked = Pick<Remembered, 'hash' | 'question' | 'features'>

/** The best of the nearest earlier data set that `able` allows; null where there is none. */
export function suggest(known: readonly Remembered[], asked: Asked, able: (id: string) => boolean): Suggestion | null {
  const { others, usual } = nearest(known, asked)
  for (const { from, distance } of others) {
    const best = bestOf(from, able)
    if (best) return { from, best, distance, alike: usual !== null && distance <= usual }
  }
  return null
}

/** Each experiment advised from the others; where it did not try what was advised, nobody knows how that would have done. */
export function hitRate(known: readonly Remembered[]): HitRate {
  let [n, hits] = [0, 0]
  for (const own of onePerData(known)) {
    const same = (id: string) => own.tried.some((each) => each.id === id)
    const advice = suggest(known, own, () => true)
    const rivals = own.tried.filter(({ id }) => own.proposed.includes(id))
    if (!advice || !same(advice.best.id) || !rivals.length) continue
    n++
    const figures = own.tried.filter(({ id }) => id === advice.best.id).map(({ figure }) => figure)
    const sign = own.better === 'lower' ? 1 : -1
    // The same method may have run there with other parameters only: the plainest of them counts.
    const reached = sign * figures[0]
    const rival = Math.min(...rivals.map(({ figure }) => sign * figure))
    if (reached <= rival + TIE * Math.abs(rival)) hits++
  }
  return { n, hits, share: n < LEAST ? null : { value: hits / n, ci95: shareInterval(hits, n) } }
}

/** Earlier experiments, the nearest first; `usual`: the median distance between their data sets, from three on. */
function nearest(known: readonly Remembered[], asked: Asked) {
  const others = known.filter((own) => own.hash !== asked.hash && own.question === asked.question)
  const sets = [...new Map(others.map((own) => [own.hash, coordinates(own.features)])).values()]
  if (!sets.length) return { others: [], usual: null }
  const scale = scaling(sets)
  const between = (a: number[], b: number[]) => Math.hypot(...a.map((v, f) => v - b[f]))
  const places = sets.map(scale)
  const apart = places.flatMap((a, k) => places.slice(0, k).map((b) => between(a, b))).sort((a, b) => a - b)
  const here = scale(coordinates(asked.features))
  return {
    others: others
      .map((from) => ({ from, distance: between(scale(coordinates(from.features)), here) }))
      .sort((a, b) => a.distance - b.distance),
    usual: sets.length < 3 ? null : apart[Math.floor(apart.length / 2)],
  }
}

function bestOf({ tried, better }: Remembered, able: (id: string) => boolean): Tried | null {
  const sign = better === 'lower' ? 1 : -1
  const fitting = tried.filter(({ id }) => able(id))
  return fitting.length ? fitting.reduce((a, b) => (sign * b.figure < sign * a.figure ? b : a)) : null
}

/** The richest experiment of each data set and question. */
function onePerData(known: readonly Remembered[]): Remembered[] {
  const richest = new Map<string, Remembered>()
  for (const own of known) {
    const key = `${own.hash} ${own.question}`
    if ((richest.get(key)?.tried.length ?? 0) < own.tried.length) richest.set(key, own)
  }
  return [...richest.values()]
}
