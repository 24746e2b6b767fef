import type { Comparison } from './comparison.ts'

/** How figures are written: as many decimals as the interval deserves, the same for a whole table. */

/** Decimals that leave two significant digits of `size`, between 0 and 6. */
export function decimalsFor(size: number): number {
  if (!(size > 0) || !Number.isFinite(size)) return 3
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(size))))
}

/** Decimals for the figures of a comparison: from its typical half-width, else from its typical size. */
export function decimalsOf(comparison: Comparison): number {
  const estimates = comparison.methods.flatMap((m) => [m.overall, ...Object.values(m.perTask)])
  const halves = estimates.flatMap((e) => (e.ci95 && e.ci95[1] > e.ci95[0] ? [(e.ci95[1] - e.ci95[0]) / 2] : []))
  const typical = median(halves)
  if (typical !== null) return decimalsFor(typical)
  const sizes = estimates.flatMap((e) => (e.mean ? [Math.abs(e.mean)] : []))
  return sizes.length ? Math.min(6, decimalsFor(median(sizes) ?? 0) + 1) : 3
}

/** The upper one of two middles; null of nothing. */
export function median(values: readonly number[]): number | null {
  return values.length ? [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] : null
}

/** Beyond this a figure is written as a power of ten: no reader counts its digits. */
const HUGE = 1e9

/** With a true minus sign and never "-0.000"; an em dash where there is no figure. */
export function written(value: number | null, decimals: number, signed = false): string {
  if (value === null || !Number.isFinite(value)) return '—'
  const size = Math.abs(value)
  const text = size < HUGE ? size.toFixed(decimals) : size.toExponential(2).replace('+', '')
  const zero = Number(text) === 0
  return `${zero ? '' : value < 0 ? '−' : signed ? '+' : ''}${text}`
}
