import type { Hue } from './channels.ts'

/**
 * What a chart shows, as plain data. The screen (chart.js), the exported SVG and PNG, the table twin and the CSV are
 * all made from the same picture, so they cannot disagree. A picture names no colour: `hue` is a task or a method, and gives
 * colour, point shape and dash together, so that colour never carries meaning alone.
 */
export type Axis = { label: string; log?: boolean }
export type Point = [x: number, y: number]

export type LinePicture = {
  kind: 'line'
  title: string
  x: Axis
  y: Axis
  /** `raw` is drawn faintly behind the smoothed `points`; `ci` are the ends of an interval at each point. */
  series: {
    id: string
    label: string
    hue: Hue
    points: Point[]
    raw?: Point[]
    ci?: ([number, number] | null)[]
  }[]
}

export type IntervalRow = {
  id: string
  label: string
  hue: Hue
  mean: number | null
  /** Ends of the interval, null where there is none. */
  ci: [number, number] | null
  /** Said in words behind the row: the call. */
  note?: string
}
/** Dots with intervals, one row each, around a line of no difference and a band that would not matter. */
export type IntervalPicture = {
  kind: 'interval'
  title: string
  x: Axis
  /** Column heads of the table twin. */
  heads: { label: string; mean: string; low: string; high: string; note: string }
  zero?: number
  band?: [number, number]
  /** Words at the two ends of the axis: what left means, what right means. */
  ends?: [string, string]
  rows: IntervalRow[]
}

/** Rows x columns of numbers. `shade` in [-1, 1] colours them: +1 good, -1 bad, null unknown. */
export type HeatPicture = {
  kind: 'heat'
  title: string
  rows: string[]
  columns: string[]
  corner: string
  /** [row][column] */
  values: (number | null)[][]
  shade: (number | null)[][]
  /** What full colour means, at the bad and the good end. */
  ends: [string, string]
  /** Short heads for the drawing where there are many columns; default: the columns. */
  ticks?: string[]
  /** Cells that are drawn as outlines, and what that means. */
  open?: boolean[][]
  openNote?: string
  /** Ends of the interval of each cell. */
  ci?: ([number, number] | null)[][]
}

export type HistogramPicture = {
  kind: 'histogram'
  title: string
  x: Axis
  y: Axis
  /** One more than counts. */
  edges: number[]
  counts: number[]
}

export type Picture = LinePicture | IntervalPicture | HeatPicture | HistogramPicture

/** The table twin of a picture. */
export type Twin = { columns: string[]; rows: (string | number | null)[][] }

export function twinOf(picture: Picture): Twin {
  if (picture.kind === 'line') {
    const xs = [...new Set(picture.series.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b)
    const columns = picture.series.flatMap(({ label, points, ci }) => {
      const at = new Map(points.map(([x, y], i) => [x, [y, ...(ci ? (ci[i] ?? [null, null]) : [])]]))
      const heads = ci ? [label, `${label} ≥`, `${label} ≤`] : [label]
      return heads.map((head, k) => ({ head, at: (x: number) => at.get(x)?.[k] ?? null }))
    })
    return {
      columns: [picture.x.label, ...columns.map(({ head }) => head)],
      rows: xs.map((x) => [x, ...columns.map(({ at }) => at(x))]),
    }
  }
  if (picture.kind === 'interval') {
    const { label, mean, low, high, note } = picture.heads
    const notes = picture.rows.some((row) => row.note)
    return {
      columns: [label, mean, low, high, ...(notes ? [note] : [])],
      rows: picture.rows.map((row) => [
        row.label,
        row.mean,
        row.ci?.[0] ?? null,
        row.ci?.[1] ?? null,
        ...(notes ? [row.note ?? null] : []),
      ]),
    }
  }
  if (picture.kind === 'heat')
    return {
      columns: [picture.corner, ...picture.columns],
      rows: picture.rows.map((label, r) => [label, ...picture.values[r]]),
    }
  return {
    columns: [`${picture.x.label} ≥`, `${picture.x.label} <`, picture.y.label],
    rows: picture.counts.map((count, i) => [picture.edges[i], picture.edges[i + 1], count]),
  }
}

/** RFC 4180 with every number in full; opened in Excel as UTF-8 because of the byte order mark. */
export function toCsv(twin: Twin): string {
  const cell = (value: string | number | null) => {
    const text = value === null ? '' : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return '\ufeff' + [twin.columns, ...twin.rows].map((row) => row.map(cell).join(',') + '\r\n').join('')
}

/** As spreadsheets take it from the clipboard. */
export const toTabs = (twin: Twin): string =>
  [twin.columns, ...twin.rows].map((row) => row.map((cell) => cell ?? '').join('\t')).join('\n')

/** A LaTeX tabular of the twin, numbers to four significant digits. */
export function toLatex(twin: Twin): string {
  const escape = (text: string) =>
    text.replace(/[\\{}$&#%_^~]/g, (c) =>
      c === '\\' ? '\\textbackslash{}' : c === '^' || c === '~' ? `\\${c}{}` : `\\${c}`,
    )
  const cell = (value: string | number | null) =>
    value === null ? '--' : typeof value === 'number' ? `$${Number(value.toPrecision(4))}$` : escape(value)
  const numeric = twin.columns.map((_, i) => twin.rows.some((row) => typeof row[i] === 'number'))
  const lines = twin.rows.map((row) => `${row.map(cell).join(' & ')} \\\\`)
  return [
    `\\begin{tabular}{${numeric.map((n) => (n ? 'r' : 'l')).join('')}}`,
    '\\hline',
    `${twin.columns.map(escape).join(' & ')} \\\\`,
    '\\hline',
    ...lines,
    '\\hline',
    '\\end{tabular}',
    '',
  ].join('\n')
}
