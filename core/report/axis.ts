/** A linear scale with round ticks that covers what is drawn. */
export type Axis = { at(value: number): number; ticks: number[]; decimals: number; from: number; to: number }

export function axisOf(values: readonly number[], left: number, right: number, wanted = 5): Axis {
  const finite = values.filter(Number.isFinite)
  let low = Math.min(...finite)
  let high = Math.max(...finite)
  if (!finite.length) [low, high] = [0, 1]
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2]
  const raw = (high - low) / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) as number)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  const [from, to] = [first * step, last * step]
  return {
    at: (value) => left + ((value - from) / (to - from)) * (right - left),
    ticks: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step),
    decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
    from,
    to,
  }
}
