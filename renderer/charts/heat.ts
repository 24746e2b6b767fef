import type { Chart, ChartConfiguration, Plugin, ScaleOptions } from 'chart.js'
import { FONT, scale, tooltip } from './axes.ts'
import { inkOn, shadeColour } from './colours.ts'
import { heatText } from './figures.ts'
import { short, textWidth } from './format.ts'
import type { Palette } from './palette.ts'
import type { HeatPicture } from './picture.ts'
import { clip, rowScale } from './rows.ts'

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

export function heatConfig(picture: HeatPicture, palette: Palette): ChartConfiguration {
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
