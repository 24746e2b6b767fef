import {
  BarController,
  BarElement,
  Chart,
  Decimation,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
} from 'chart.js'
import type { ChartConfiguration, ChartDataset, Plugin, ScaleOptions, TooltipItem } from 'chart.js'
import annotation from 'chartjs-plugin-annotation'
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix'
import zoom from 'chartjs-plugin-zoom'
import { colourOf, dashOf, method, shapePath } from './channels.ts'
import type { Hue } from './channels.ts'
import { heatText } from './figures.ts'
import { fit, short, textWidth } from './format.ts'
import { PALETTES } from './palette.ts'
import type { Palette } from './palette.ts'
import type { HeatPicture, HistogramPicture, IntervalPicture, LinePicture, Picture } from './picture.ts'
import { inkOn, shadeColour } from './colours.ts'
import { extent, intervalValues } from './extent.ts'

/** Only what is drawn is registered: the rest of chart.js is left out of the bundle. */
Chart.register(
  BarController,
  BarElement,
  Decimation,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  MatrixController,
  MatrixElement,
  PointElement,
  ScatterController,
  Tooltip,
  annotation,
  zoom,
)

export { Chart }
export const ROW_HEIGHT = 24
const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif"

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

/** The picture as a chart.js configuration. `hidden` holds ids of series that are switched off. */
export function configOf(
  picture: Picture,
  theme: 'light' | 'dark',
  hidden: ReadonlySet<string>,
  rows: Rows | null = null,
): ChartConfiguration {
  const palette = PALETTES[theme]
  const config = {
    line: () => lineConfig(picture as LinePicture, palette, hidden),
    interval: () => intervalConfig(picture as IntervalPicture, palette),
    heat: () => heatConfig(picture as HeatPicture, palette),
    histogram: () => histogramConfig(picture as HistogramPicture, palette),
  }[picture.kind]()
  if (rows) Object.assign(config.options?.scales?.y ?? {}, { min: rows.from - 0.5, max: rows.from + rows.count - 0.5 })
  config.options = {
    ...config.options,
    responsive: true,
    maintainAspectRatio: false,
    // Nothing here moves by itself: the figures are the news.
    animation: false,
    font: { family: FONT, size: 12 },
  }
  return config
}

function scale(palette: Palette, title: string, more: Record<string, unknown> = {}): ScaleOptions {
  const { ticks, grid, ...rest } = more as { ticks?: object; grid?: object }
  return {
    title: { display: title !== '', text: title, color: palette.ink, font: { family: FONT, size: 12 } },
    ticks: {
      color: palette.quiet,
      font: { family: FONT, size: 11 },
      callback: (value: number | string) => short(Number(value)),
      ...ticks,
    },
    grid: { color: palette.rule, drawTicks: false, ...grid },
    border: { color: palette.rule },
    ...rest,
  } as ScaleOptions
}

function tooltip(
  palette: Palette,
  title: (items: TooltipItem<never>[]) => string,
  label: (i: TooltipItem<never>) => string,
) {
  return {
    backgroundColor: palette.ink,
    titleColor: palette.paper,
    bodyColor: palette.paper,
    titleFont: { family: FONT, size: 12 },
    bodyFont: { family: FONT, size: 12 },
    displayColors: false,
    callbacks: { title, label },
  }
}

/** Draws a task's or method's own shape, centred. */
export function drawMark(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  hue: Hue,
  r: number,
  palette: Palette,
) {
  context.save()
  context.translate(x - r, y - r)
  context.scale(r / 6, r / 6)
  const path = new Path2D(shapePath(hue))
  context.strokeStyle = palette.paper
  context.lineWidth = 12 / r
  context.stroke(path)
  context.fillStyle = colourOf(hue, palette.theme)
  context.fill(path, 'evenodd')
  context.restore()
}

/** Bars of several series at one place stand beside each other. */
const BAR_STEP = 3

/** Upright bars from end to end of the intervals, where a series has them. */
function drawBars(
  { ctx, scales }: Chart,
  { points, ci, hue }: LinePicture['series'][number],
  aside: number,
  palette: Palette,
) {
  ctx.save()
  ctx.strokeStyle = colourOf(hue, palette.theme)
  ctx.globalAlpha = 0.5
  ci?.forEach((ends, i) => {
    if (!ends) return
    const x = scales.x.getPixelForValue(points[i][0]) + aside
    ctx.beginPath()
    ctx.moveTo(x, scales.y.getPixelForValue(ends[0]))
    ctx.lineTo(x, scales.y.getPixelForValue(ends[1]))
    ctx.stroke()
  })
  ctx.restore()
}

function lineConfig(picture: LinePicture, palette: Palette, hidden: ReadonlySet<string>): ChartConfiguration {
  const shown = picture.series.filter((series) => !hidden.has(series.id))
  const set = (points: readonly [number, number][], hue: Hue, raw: boolean): ChartDataset => ({
    type: 'line',
    data: points.map(([x, y]) => ({ x, y })),
    borderColor: colourOf(hue, palette.theme) + (raw ? '40' : ''),
    borderWidth: raw ? 1 : 2,
    borderDash: raw ? [] : dashOf(hue),
    pointRadius: 0,
    pointHitRadius: raw ? 0 : 8,
    pointHoverRadius: raw ? 0 : 4,
    pointHoverBackgroundColor: colourOf(hue, palette.theme),
    order: raw ? 2 : 1,
    parsing: false,
    normalized: true,
  })
  const ends: Plugin = {
    id: 'ends',
    afterDatasetsDraw(chart) {
      shown.forEach((series, i) => {
        drawBars(chart, series, BAR_STEP * (i - (shown.length - 1) / 2), palette)
        const last = chart.getDatasetMeta(i).data.at(-1)
        if (last) drawMark(chart.ctx, last.x, last.y, series.hue, 5, palette)
      })
    },
  }
  return {
    type: 'line',
    // The smoothed lines first, so that index i of the data sets is series i.
    data: {
      datasets: [
        ...shown.map((series) => set(series.points, series.hue, false)),
        ...shown.filter((s) => s.raw).map((series) => set(series.raw as [number, number][], series.hue, true)),
      ],
    },
    plugins: [ends],
    options: {
      layout: { padding: { right: 10, top: 8 } },
      interaction: { mode: 'nearest', axis: 'xy', intersect: false },
      scales: {
        x: scale(palette, picture.x.label, {
          type: picture.x.log ? 'logarithmic' : 'linear',
          grid: { display: false },
          // Of a few measured places each is named.
          ...(picture.x.log ? { afterBuildTicks: (axis: { ticks: object[] }) => (axis.ticks = xTicks(picture)) } : {}),
        }),
        y: scale(palette, picture.y.label, {
          type: picture.y.log ? 'logarithmic' : 'linear',
          ...reach(shown),
        }),
      },
      plugins: {
        decimation: { enabled: true, algorithm: 'lttb', samples: 400, threshold: 800 },
        tooltip: {
          ...tooltip(
            palette,
            (items) => `${picture.x.label} ${short((items[0]?.parsed as { x: number })?.x)}`,
            (item) => `${shown[item.datasetIndex]?.label ?? ''}: ${short((item.parsed as { y: number }).y)}`,
          ),
          filter: (item) => item.datasetIndex < shown.length,
        },
        zoom: {
          pan: { enabled: true, mode: 'x', modifierKey: 'shift' },
          zoom: {
            drag: { enabled: true, backgroundColor: palette.band + '90' },
            wheel: { enabled: true, modifierKey: 'ctrl' },
            mode: 'x',
          },
        },
      },
    },
  }
}

/** Intervals are part of what must be in sight. */
function reach(series: LinePicture['series']): object {
  const ends = series.flatMap(({ ci }) => (ci ?? []).flatMap((own) => own ?? []))
  return ends.length ? { suggestedMin: Math.min(...ends), suggestedMax: Math.max(...ends) } : {}
}

const xTicks = ({ series }: LinePicture) =>
  [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b).map((value) => ({ value }))

function rowScale(palette: Palette, labels: readonly string[]): ScaleOptions {
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

function intervalConfig(picture: IntervalPicture, palette: Palette): ChartConfiguration {
  const { rows } = picture
  const whiskers: Plugin = {
    id: 'whiskers',
    afterDatasetsDraw(chart) {
      const { ctx, scales, chartArea } = chart
      ctx.save()
      ctx.beginPath()
      ctx.rect(0, chartArea.top, chart.width, chartArea.height)
      ctx.clip()
      rows.forEach((row, i) => {
        const y = scales.y.getPixelForValue(i)
        if (y < chartArea.top - ROW_HEIGHT || y > chartArea.bottom + ROW_HEIGHT) return
        if (row.ci) {
          ctx.save()
          ctx.strokeStyle = colourOf(row.hue, palette.theme)
          ctx.lineWidth = 2.5
          ctx.beginPath()
          ctx.moveTo(scales.x.getPixelForValue(row.ci[0]), y)
          ctx.lineTo(scales.x.getPixelForValue(row.ci[1]), y)
          ctx.stroke()
          ctx.restore()
        }
        if (row.mean !== null) drawMark(ctx, scales.x.getPixelForValue(row.mean), y, row.hue, 5.5, palette)
        if (!row.note) return
        ctx.save()
        ctx.font = `12px ${FONT}`
        ctx.fillStyle = palette.quiet
        ctx.textBaseline = 'middle'
        ctx.fillText(row.note, scales.x.right + 12, y)
        ctx.restore()
      })
      ctx.restore()
    },
  }
  const [low, high] = extent(intervalValues(picture))
  const room = (high - low) * 0.06
  const flat = { type: 'box', drawTime: 'beforeDatasetsDraw', borderWidth: 0 } as const
  return {
    type: 'scatter',
    data: {
      datasets: [
        {
          type: 'scatter',
          data: rows.map((row, y) => ({ x: row.mean ?? Number.NaN, y })),
          pointRadius: 0,
          pointHitRadius: 12,
          pointHoverRadius: 0,
        },
      ],
    },
    plugins: [whiskers],
    options: {
      layout: { padding: { right: noteRoom(rows), top: 4 } },
      interaction: { mode: 'nearest', axis: 'y', intersect: false },
      scales: {
        x: scale(
          palette,
          picture.ends ? `← ${picture.ends[0]}      ${picture.x.label}      ${picture.ends[1]} →` : picture.x.label,
          {
            type: 'linear',
            min: low - room,
            max: high + room,
            ticks: { includeBounds: false },
          },
        ),
        y: rowScale(
          palette,
          rows.map((row) => clip(row.label)),
        ),
      },
      plugins: {
        tooltip: tooltip(
          palette,
          (items) => rows[items[0]?.dataIndex]?.label ?? '',
          (item) => sayInterval(picture, item.dataIndex),
        ),
        zoom: { zoom: {}, pan: {} },
        annotation: {
          annotations: {
            ...(picture.band
              ? { band: { ...flat, xMin: picture.band[0], xMax: picture.band[1], backgroundColor: palette.band } }
              : {}),
            ...(picture.zero === undefined
              ? {}
              : {
                  zero: {
                    type: 'line',
                    drawTime: 'beforeDatasetsDraw',
                    xMin: picture.zero,
                    xMax: picture.zero,
                    borderColor: palette.quiet,
                    borderWidth: 1.2,
                  },
                }),
          },
        },
      },
    },
  }
}

const noteRoom = (rows: IntervalPicture['rows']) =>
  Math.max(8, ...rows.map((row) => (row.note ? 24 + textWidth(row.note) * 12 : 8)))

/** "0.31, 0.12 to 0.5: helps" */
function sayInterval(picture: IntervalPicture, index: number): string {
  const row = picture.rows[index]
  const ci = row.ci ? `  [${short(row.ci[0], 3)}, ${short(row.ci[1], 3)}]` : ''
  return `${short(row.mean, 3)}${ci}${row.note ? `  ${row.note}` : ''}`
}

/** Long labels end in an ellipsis on the axis; the tooltip and the table twin have them whole. */
const clip = (label: string) => fit(label, 34)

/** A head of a column in short lines, as narrow as its longest word. */
function wrapped(label: string): string[] {
  const lines: string[] = []
  for (const word of label.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && textWidth(`${last} ${word}`) <= 9) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Pixels of one row just now. */
const rowPixels = (chart: Chart) => {
  const { min, max } = chart.scales.y ?? { min: 0, max: 1 }
  return (chart.chartArea?.height ?? 0) / (max - min)
}

function heatConfig(picture: HeatPicture, palette: Palette): ChartConfiguration {
  const cells = picture.rows.flatMap((_, y) => picture.columns.map((_, x) => ({ x, y })))
  const colourAt = (at: number) => shadeColour(picture.shade[cells[at].y][cells[at].x], palette)
  const isOpen = (at: number) => picture.open?.[cells[at].y][cells[at].x] === true
  const ticks = picture.ticks ?? picture.columns
  const numbers: Plugin = {
    id: 'numbers',
    afterDatasetsDraw(chart) {
      const { ctx, scales, chartArea } = chart
      const wide = chartArea.width / picture.columns.length
      ctx.save()
      ctx.beginPath()
      ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height)
      ctx.clip()
      ctx.font = `11px ${FONT}`
      ctx.textAlign = 'center'
      ctx.textBaseline = 'middle'
      for (const { x, y } of cells) {
        const said = short(picture.values[y][x], 3)
        if (textWidth(said) * 11 > wide - 6) continue
        ctx.fillStyle = picture.open?.[y][x] ? palette.ink : inkOn(shadeColour(picture.shade[y][x], palette))
        ctx.fillText(said, scales.x.getPixelForValue(x), scales.y.getPixelForValue(y) + 0.5)
      }
      ctx.restore()
    },
  }
  return {
    type: 'matrix',
    data: {
      datasets: [
        {
          data: cells.map(({ x, y }) => ({ x, y, v: picture.values[y][x] })),
          backgroundColor: ({ dataIndex }: { dataIndex: number }) =>
            isOpen(dataIndex) ? palette.paper : colourAt(dataIndex),
          borderColor: ({ dataIndex }: { dataIndex: number }) => colourAt(dataIndex),
          borderWidth: ({ chart, dataIndex }: { chart: Chart; dataIndex: number }) =>
            isOpen(dataIndex) ? outline((chart.chartArea?.width ?? 0) / picture.columns.length) : 0,
          // Rows half out of sight end at the axis.
          clip: 0,
          hoverBorderColor: palette.ink,
          hoverBorderWidth: 2,
          width: ({ chart }: { chart: Chart }) =>
            Math.max(1, (chart.chartArea?.width ?? 0) / picture.columns.length - 2),
          height: ({ chart }: { chart: Chart }) => Math.max(1, rowPixels(chart) - 2),
        },
      ],
    },
    plugins: [numbers],
    options: {
      scales: {
        x: scale(palette, '', {
          type: 'linear',
          position: 'top',
          offset: false,
          min: -0.5,
          max: picture.columns.length - 0.5,
          afterBuildTicks: (axis: { width: number; ticks: { value: number }[] }) => {
            // Short heads may still be too many: every so many-th stands there.
            const every = picture.ticks ? Math.ceil(TICK_ROOM / (axis.width / picture.columns.length)) : 1
            axis.ticks = ticks.map((_, value) => ({ value })).filter(({ value }) => value % every === 0)
          },
          ticks: {
            autoSkip: false,
            maxRotation: 0,
            color: palette.ink,
            callback: (v: number) => wrapped(ticks[v] ?? ''),
          },
          grid: { display: false },
          border: { display: false },
        }),
        y: { ...rowScale(palette, picture.rows.map(clip)), border: { display: false } } as ScaleOptions,
      },
      plugins: {
        tooltip: tooltip(
          palette,
          (items) => picture.rows[cells[items[0]?.dataIndex]?.y] ?? '',
          (item) => {
            const { x, y } = cells[item.dataIndex]
            return `${picture.columns[x]}: ${heatText(picture, y, x)}`
          },
        ),
        zoom: { zoom: {}, pan: {} },
      },
    },
  } as unknown as ChartConfiguration
}

/** Pixels that a short head needs. */
const TICK_ROOM = 26
/** Width of the outline of an open cell. */
const outline = (cell: number) => (cell > 24 ? 3 : cell > 10 ? 2 : 1)

function histogramConfig(picture: HistogramPicture, palette: Palette): ChartConfiguration {
  const { edges, counts } = picture
  const middle = counts.map((_, i) => (edges[i] + edges[i + 1]) / 2)
  return {
    type: 'bar',
    data: {
      datasets: [
        {
          type: 'bar',
          data: counts.map((y, i) => ({ x: middle[i], y })) as never,
          backgroundColor: colourOf(method(0), palette.theme),
          barPercentage: 0.96,
          categoryPercentage: 1,
        },
      ],
    },
    options: {
      scales: {
        x: scale(palette, picture.x.label, {
          type: 'linear',
          offset: false,
          min: edges[0],
          max: edges.at(-1),
          grid: { display: false },
        }),
        y: scale(palette, picture.y.label, { type: 'linear', beginAtZero: true, ticks: { precision: 0 } }),
      },
      plugins: {
        tooltip: tooltip(
          palette,
          (items) => `${short(edges[items[0]?.dataIndex])} – ${short(edges[(items[0]?.dataIndex ?? 0) + 1])}`,
          (item) => `${picture.y.label}: ${short(counts[item.dataIndex])}`,
        ),
        zoom: { zoom: {}, pan: {} },
      },
    },
  }
}
