import { normalQuantile, tQuantile } from './distributions.ts'

/**
 * An estimate with its standard error and degrees of freedom: what every rule of this folder gives, and what an
 * interval, a pooled effect and a verdict are made of.
 */
export type Measured = { mean: number; se: number; df: number; n: number }

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
export const average = (values: readonly number[]) => sum(values) / values.length

/** Sample variance, divided by n - 1; 0 for one value. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return 0
  const centre = average(values)
  return sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1)
}

/** mean +- t(df) * se. Null where there is no degree of freedom or no standard error. */
export function interval(m: Measured, level = 0.95): [number, number] | null {
  if (!(m.df > 0) || !Number.isFinite(m.se)) return null
  const half = tQuantile(1 - (1 - level) / 2, m.df) * m.se
  return [m.mean - half, m.mean + half]
}

/** Independent units (groups, tasks): se = s / sqrt(n), n - 1 degrees of freedom. Null below two units. */
export function independent(values: readonly number[]): Measured | null {
  const n = values.length
  return n < 2 ? null : { mean: average(values), se: Math.sqrt(variance(values) / n), df: n - 1, n }
}

/**
 * Folds share training rows, so their figures are no independent units: se^2 = s^2 (1 / J + ratio), where J is the
 * number of folds over all repeats and ratio = test rows / training rows of a fold; J - 1 degrees of freedom
 * (Nadeau & Bengio 2003, "Inference for the generalization error"). Approximate. Null below two folds.
 */
export function nadeauBengio(values: readonly number[], ratio: number): Measured | null {
  const n = values.length
  return n < 2 ? null : { mean: average(values), se: Math.sqrt(variance(values) * (1 / n + ratio)), df: n - 1, n }
}

/** A variance and the degrees of freedom of its estimate. */
type Part = { variance: number; df: number }

/** Estimates of variance added up; degrees of freedom by Satterthwaite (1946). */
function added(mean: number, n: number, parts: readonly Part[]): Measured {
  const total = sum(parts.map((part) => part.variance))
  const spread = sum(parts.map((part) => part.variance ** 2 / part.df))
  return { mean, se: Math.sqrt(total), df: spread > 0 ? total ** 2 / spread : Math.max(...parts.map((p) => p.df)), n }
}

/** Figures of folds, and the variance of their mean over other draws of the n rows or blocks they were tested on. */
export type Tested = { perFold: number[]; ofUnits: number; n: number }

/**
 * Test sets that do not overlap: the variance of the tested units. They alone miss that another training set gives
 * another model, so it is at least that of the folds' figures, s^2 / J.
 */
export function widened({ perFold, ofUnits, n }: Tested): Measured {
  const folds = perFold.length
  const extra = folds > 1 ? Math.max(0, variance(perFold) / folds - ofUnits) : 0
  const parts = [{ variance: ofUnits, df: n - 1 }, ...(extra ? [{ variance: extra, df: folds - 1 }] : [])]
  return added(average(perFold), n, parts)
}

/** What two splits share of their test rows and of their training rows, on average over pairs of splits: 0 to 1. */
export type Overlap = { test: number; train: number }

/**
 * Random splits: two crossed sources of variance. The tested units add V, their variance in the mean of all splits; of
 * the spread of the splits' figures that leaves s_train^2 to the training sets, of which two splits share w_train:
 *   s_train^2 = s^2 - V (1 - w_test) / (w_test + (1 - w_test) / J),   se^2 = V + s_train^2 (1 / J + w_train / (1 - w_train))
 * It is the first order of the variance of a U-statistic (Hoeffding 1948; Fuchs, Hornung, De Bin and Boulesteix 2013).
 * Nadeau and Bengio leave all of s^2 to the test rows; where both sets overlap by half it is the same. Null below two.
 */
export function crossed({ perFold, ofUnits, n }: Tested, { test, train }: Overlap): Measured | null {
  const splits = perFold.length
  if (splits < 2) return null
  const between = variance(perFold)
  const ofTests = (ofUnits * (1 - test)) / (test + (1 - test) / splits)
  const share = 1 / splits + train / (1 - train)
  const whole = added(average(perFold), splits, [
    { variance: ofUnits, df: n - 1 },
    { variance: between * share, df: splits - 1 },
  ])
  return { ...whole, se: Math.sqrt(ofUnits + Math.max(0, between - ofTests) * share) }
}

/** Folds that would have to be added so that the half-width shrinks by `factor` (0 to 1); null where it never does. */
export function foldsFor(m: Measured, ratio: number, factor: number): { folds: number; half: number } | null {
  const spread = m.se / Math.sqrt(1 / m.n + ratio)
  const half = (n: number) => tQuantile(0.975, n - 1) * spread * Math.sqrt(1 / n + ratio)
  const wanted = factor * half(m.n)
  for (let n = m.n + 1; n <= m.n + 200; n++) if (half(n) <= wanted) return { folds: n - m.n, half: half(n) }
  return null
}

/** 95 % interval of a share of n (Wilson 1927), which stays within 0 and 1 and is sound for few. */
export function shareInterval(hits: number, n: number): [number, number] {
  const z = normalQuantile(0.975)
  const centre = (hits + z ** 2 / 2) / (n + z ** 2)
  const half = (z / (n + z ** 2)) * Math.sqrt((hits * (n - hits)) / n + z ** 2 / 4)
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}
