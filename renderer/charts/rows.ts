import type { Chart, ScaleOptions } from 'chart.js'
import { FONT, scale } from './axes.ts'
import { fit } from './format.ts'
import type { Palette } from './palette.ts'
import type { Picture } from './picture.ts'

/** Pictures whose rows stand under each other, one name each: their height, and the window that scrolls over them. */
export const ROW_HEIGHT = 24

/** What an axis with its title, or a head of a few lines, takes. */
const AXIS_ROOM = 60

/** Height in pixels of the drawing, where the rows decide it; null where the frame does. */
export function naturalHeight(picture: Picture): number | null {
  if (picture.kind !== 'interval' && picture.kind !== 'heat') return null
  return picture.rows.length * ROW_HEIGHT + AXIS_ROOM
}

/**
 * Many rows are shown through a window that scrolls under fixed axes: the canvas stays as small as the screen. `from`
 * is the first row in sight (a fraction while scrolling), `count` how many fit.
 */
export type Rows = { from: number; count: number }
export function rowsInSight(height: number, scrollTop: number): Rows {
  return { from: scrollTop / ROW_HEIGHT, count: (height - AXIS_ROOM) / ROW_HEIGHT }
}

/** Moves the window of a chart that is on screen. */
export function scrollRows(chart: Chart, { from, count }: Rows) {
  Object.assign(chart.options.scales?.y ?? {}, { min: from - 0.5, max: from + count - 0.5 })
  chart.update('none')
}

/** Long labels end in an ellipsis on the axis; the tooltip and the table twin have them whole. */
export const clip = (label: string) => fit(label, 34)

export function rowScale(palette: Palette, labels: readonly string[]): ScaleOptions {
  let wide = 0
  return scale(palette, '', {
    type: 'linear',
    // The matrix controller would widen the axis by half a cell at each end.
    offset: false,
    reverse: true,
    min: -0.5,
    max: labels.length - 0.5,
    // The axis is as wide as its widest label, in sight or not: it must not breathe while scrolling.
    afterFit: (axis: { width: number; ctx: CanvasRenderingContext2D }) => {
      axis.ctx.font = `12px ${FONT}`
      wide ||= 16 + Math.max(...labels.map((label) => axis.ctx.measureText(label).width), 20)
      axis.width = wide
    },
    afterBuildTicks: (axis: { ticks: { value: number }[]; min: number; max: number }) => {
      axis.ticks = labels.map((_, value) => ({ value })).filter((t) => t.value >= axis.min && t.value <= axis.max)
    },
    ticks: {
      autoSkip: false,
      color: palette.ink,
      font: { family: FONT, size: 12 },
      callback: (v: number) => labels[v] ?? '',
    },
    grid: { display: false },
  })
}
