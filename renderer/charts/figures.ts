import { short } from './format.ts'
import type { HeatPicture, Picture } from './picture.ts'

/**
 * The figures of a picture in reading order, for the arrow keys: where each is in the drawing (`dataset`, `index`),
 * in which row and column of the walk, what is said of it, and what choosing it picks.
 */
export type Figure = { row: number; column: number; dataset: number; index: number; said: string; pick: number }

export function figuresOf(picture: Picture, hidden: ReadonlySet<string>): Figure[] {
  if (picture.kind === 'line') {
    return picture.series
      .filter((series) => !hidden.has(series.id))
      .flatMap((series, row) =>
        series.points.map(([x, y], index) => ({
          row,
          column: index,
          dataset: row,
          index,
          said: `${series.label}, ${picture.x.label} ${short(x)}: ${short(y)}`,
          pick: picture.series.indexOf(series),
        })),
      )
  }
  if (picture.kind === 'interval') {
    return picture.rows.map((row, index) => {
      const ci = row.ci ? `, ${short(row.ci[0])} – ${short(row.ci[1])}` : ''
      const said = `${row.label}: ${short(row.mean)}${ci}${row.note ? `, ${row.note}` : ''}`
      return { row: index, column: 0, dataset: 0, index, said, pick: index }
    })
  }
  if (picture.kind === 'heat') {
    return picture.rows.flatMap((label, row) =>
      picture.columns.map((head, column) => ({
        row,
        column,
        dataset: 0,
        index: row * picture.columns.length + column,
        said: `${label}, ${head}: ${heatText(picture, row, column)}`,
        pick: row,
      })),
    )
  }
  return picture.counts.map((count, index) => ({
    row: 0,
    column: index,
    dataset: 0,
    index,
    said: `${short(picture.edges[index])} – ${short(picture.edges[index + 1])}: ${short(count)}`,
    pick: index,
  }))
}

/** "0.12 [−0.1, 0.3], not settled" */
export function heatText({ values, ci, open, openNote }: HeatPicture, row: number, column: number): string {
  const ends = ci?.[row][column]
  const interval = ends ? ` [${short(ends[0], 3)}, ${short(ends[1], 3)}]` : ''
  return `${short(values[row][column])}${interval}${open?.[row][column] && openNote ? `, ${openNote}` : ''}`
}

/** The figure that an arrow key, Home or End leads to; null for other keys. The first key goes to the first figure. */
export function move(figures: readonly Figure[], at: Figure | null, key: string): Figure | null {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[key]
  if (!figures.length || (!step && key !== 'Home' && key !== 'End')) return null
  if (!at || key === 'Home') return figures[0]
  if (!step) return figures[figures.length - 1]
  const [down, right] = step
  const row = figures.filter((f) => f.row === at.row + down)
  if (!row.length) return at
  const column = Math.max(0, Math.min(row.length - 1, at.column + right))
  return row[column]
}
