/**
 * Accelerated proximal gradient: the least of a smooth function and one whose proximal step is known. A step along the
 * slope, the proximal step, and momentum that starts anew where it points uphill (Beck and Teboulle 2009; O'Donoghue
 * and Candes 2015). Ends where no number moves by more than 1e-8 of the largest, or after 5,000 steps.
 */
export function proximalGradient({
  start,
  steepest,
  slope,
  near,
}: {
  start: Float64Array
  /** The largest curvature of the smooth function. */
  steepest: number
  /** Writes the slope of the smooth function at `x`. */
  slope(x: Float64Array, out: Float64Array): void
  /** The proximal step of the other function divided by `steepest`; may write to `x`. */
  near(x: Float64Array): Float64Array
}): Float64Array {
  let now = start
  let ahead = start
  let momentum = 1
  const slopes = new Float64Array(start.length)
  for (let step = 0; step < 5000; step++) {
    slope(ahead, slopes)
    const next = near(ahead.map((value, i) => value - slopes[i] / steepest))
    let moved = 0
    let largest = 0
    let uphill = 0
    for (let i = 0; i < next.length; i++) {
      const change = next[i] - now[i]
      moved = Math.max(moved, Math.abs(change))
      largest = Math.max(largest, Math.abs(next[i]))
      uphill += (ahead[i] - next[i]) * change
    }
    const grown = uphill > 0 ? 1 : (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2
    const share = uphill > 0 ? 0 : (momentum - 1) / grown
    const before = now
    now = next
    ahead = now.map((value, i) => value + share * (value - before[i]))
    momentum = grown
    if (moved <= 1e-8 * largest) break
  }
  return now
}
