import type { Tune } from '../experiment.ts'

/** One round of a search: how many configurations enter it, and the share of the whole budget that each is given. */
export type Rung = { configurations: number; share: number }

const ETA = 3

/**
 * Random search gives every configuration the whole budget. Successive halving (Jamieson and Talwalkar 2016,
 * "Non-stochastic best arm identification") gives n of them a small share, the best third of them three times as much,
 * and so on, until the last two to eight are judged by the whole.
 */
export function rungs(strategy: Tune['strategy'], configurations: number): Rung[] {
  if (strategy === 'random') return [{ configurations, share: 1 }]
  const rounds = Math.max(1, Math.floor(Math.log(configurations) / Math.log(ETA) + 1e-9))
  return Array.from({ length: rounds }, (_, r) => ({
    configurations: Math.ceil(configurations / ETA ** r),
    share: ETA ** (r - rounds + 1),
  }))
}

/** Inner folds that a share of the budget pays for, where a method has no steps to be counted. */
export const foldsOf = (share: number, folds: number) => Math.max(1, Math.ceil(share * folds - 1e-9))

/** Fits of a search in units of a whole one: `byFolds` where a share means folds, which are never fitted twice. */
export function fitsOf(tune: Pick<Tune, 'strategy' | 'configurations' | 'innerFolds'>, byFolds: boolean): number {
  let before = 0
  let sum = 0
  for (const { configurations, share } of rungs(tune.strategy, tune.configurations)) {
    const folds = byFolds ? foldsOf(share, tune.innerFolds) : tune.innerFolds * share
    sum += configurations * (folds - before)
    if (byFolds) before = folds
  }
  return sum
}
