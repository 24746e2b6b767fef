import type { IntervalPicture, LinePicture } from './picture.ts'

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

/** The measured places of a line chart, in order. */
export const placesOf = ({ series }: LinePicture): number[] =>
  [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b)

/** From where to where the x axis of a line chart goes: bars of intervals, which stand side by side, need room at both ends. */
export function reachOf(picture: LinePicture): [number, number] {
  const [low, high] = extent(picture.series.flatMap(({ points }) => points.map(([x]) => x)))
  if (!picture.series.some(({ ci }) => ci?.some((own) => own !== null))) return [low, high]
  if (!picture.x.log) return [low - (high - low) * BAR_ROOM, high + (high - low) * BAR_ROOM]
  const room = (high / low) ** BAR_ROOM
  return [low / room, high * room]
}

/** Bars of several series at one place stand beside each other: pixels from the place. */
export const barAside = (series: number, of: number): number => 3 * (series - (of - 1) / 2)

/** Share of the axis that is left free at each end. */
const BAR_ROOM = 0.05

/** Everything that the axis of an interval chart must hold. */
export function intervalValues(picture: IntervalPicture): number[] {
  return [
    ...picture.rows.flatMap((row) => [...(row.ci ?? []), ...(row.mean === null ? [] : [row.mean])]),
    ...(picture.band ?? []),
    ...(picture.zero === undefined ? [] : [picture.zero]),
  ]
}
