/** What several meta-features are made of. Empty values have been left out, unless said otherwise. */
export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Of the sample: n - 1. */
export function sampleSd(values: number[]): number {
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1))
}

/** Third moment by the sd cubed, and fourth by its square less 3 (population moments); NaN where nothing varies. */
export function shape(values: Float64Array): { skewness: number; kurtosis: number } {
  const centre = mean(values)
  let [m2, m3, m4] = [0, 0, 0]
  for (const value of values) {
    const off = value - centre
    m2 += off ** 2
    m3 += off ** 3
    m4 += off ** 4
  }
  const n = values.length
  if (!(m2 / n > 1e-24 * centre ** 2)) return { skewness: NaN, kurtosis: NaN }
  return { skewness: m3 / n / (m2 / n) ** 1.5, kurtosis: m4 / n / (m2 / n) ** 2 - 3 }
}

/** Linear between order statistics, as numpy has it. `sorted` ascending. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low] + (at - low) * (sorted[high] - sorted[low])
}

/** Mean 0 and length 1, empty cells at the mean; null where the column does not vary. Products are correlations. */
export function unit(column: Float64Array): Float64Array | null {
  const centre = mean(column.filter((v) => v === v))
  const off = column.map((v) => (v === v ? v - centre : 0))
  const length = Math.sqrt(off.reduce((sum, v) => sum + v * v, 0))
  return length > 1e-12 * Math.abs(centre) * Math.sqrt(column.length) ? off.map((v) => v / length) : null
}
