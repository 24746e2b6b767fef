import type { IntervalPicture } from './picture.ts'

/** Smallest and largest value; something drawable where there is none, or only one. */
export function extent(values: readonly number[]): [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [0, 1]
  return low === high ? [low - 0.5, high + 0.5] : [low, high]
}

/** Everything that the axis of an interval chart must hold. */
export function intervalValues(picture: IntervalPicture): number[] {
  return [
    ...picture.rows.flatMap((row) => [...(row.ci ?? []), ...(row.mean === null ? [] : [row.mean])]),
    ...(picture.band ?? []),
    ...(picture.zero === undefined ? [] : [picture.zero]),
  ]
}
