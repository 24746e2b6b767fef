import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Cells } from './cells.ts'
import type { Figures } from './catalogue.ts'
import { dot } from '../dot.ts'
import { mean, quantile, sampleSd, shape, unit } from './moments.ts'

/** Columns whose correlations are looked at: the pairs of more would take long. */
const COLUMNS = 200

/** Shapes of the number columns, what they repeat of each other, and of a number target. */
export function statistical({ numbers, y, kind }: Cells): Figures {
  if (!numbers.length) return kind === 'regression' ? targetFigures([], y) : {}
  const present = numbers.map((column) => column.filter((v) => v === v)).filter((column) => column.length > 1)
  const shapes = present.map(shape).filter(({ skewness }) => Number.isFinite(skewness))
  const units = numbers.slice(0, COLUMNS).flatMap((column) => unit(column) ?? [])
  const pairs = units.flatMap((a, i) => units.slice(0, i).map((b) => Math.abs(dot(a, b))))
  return {
    'skewness.mean': mean(shapes.map((s) => s.skewness)),
    'skewness.sd': sampleSd(shapes.map((s) => s.skewness)),
    'kurtosis.mean': mean(shapes.map((s) => s.kurtosis)),
    'kurtosis.sd': sampleSd(shapes.map((s) => s.kurtosis)),
    ...(pairs.length
      ? {
          'cor.mean': mean(pairs),
          'cor.max': Math.max(...pairs),
          nr_cor_attr: pairs.filter((size) => size >= 0.5).length / pairs.length,
        }
      : {}),
    'sparsity.mean': mean(present.map((column) => (column.length / new Set(column).size - 1) / (column.length - 1))),
    nr_outliers: present.filter(hasOutlier).length,
    ...(units.length ? { PCAFractionOfComponentsFor95PercentVariance: share95(units) } : {}),
    ...(kind === 'regression' ? targetFigures(units, y) : {}),
  }
}

function targetFigures(units: Float64Array[], y: Float64Array): Figures {
  const { skewness, kurtosis } = shape(y)
  const target = unit(y)
  const strengths = target ? units.map((column) => Math.abs(dot(column, target))) : []
  return {
    'skewness.target': skewness,
    'kurtosis.target': kurtosis,
    ...(strengths.length ? { 'cor_target.mean': mean(strengths), 'cor_target.max': Math.max(...strengths) } : {}),
  }
}

/** Beyond one and a half times the middle half (Tukey 1977). */
function hasOutlier(column: Float64Array): boolean {
  const sorted = column.slice().sort()
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)]
  const reach = 1.5 * (high - low)
  return sorted[0] < low - reach || sorted[sorted.length - 1] > high + reach
}

/** Of the correlation matrix. */
function share95(units: Float64Array[]): number {
  const matrix = new Matrix(units.map((a) => units.map((b) => dot(a, b))))
  const values = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues.sort((a, b) => b - a)
  let told = 0
  const needed = values.findIndex((value) => (told += value) >= 0.95 * units.length - 1e-9) + 1
  return needed / units.length
}
