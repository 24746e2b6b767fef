/** What a worker says of itself, in memory that the lab reads whenever it likes: no message, no waiting. */
const NAMES = [
  /** Bytes of its JavaScript heap, and of arrays outside of it. */
  'heap',
  'arrays',
  /** Compiled programs that hold memory now, and how many were made so far. */
  'sessions',
  'made',
  /** Graphs built, and how often the rows of a fold were copied, so far. */
  'graphs',
  'copies',
] as const
export type Figures = Record<(typeof NAMES)[number], number>

export const newFigures = () => new Float64Array(new SharedArrayBuffer(8 * NAMES.length))

export function writeFigures(into: Float64Array, figures: Figures): void {
  NAMES.forEach((name, k) => (into[k] = figures[name]))
}

export function readFigures(from: Float64Array): Figures {
  return Object.fromEntries(NAMES.map((name, k) => [name, from[k]])) as Figures
}
