import type { Chart, ChartConfiguration, ChartDataset, Plugin } from 'chart.js'
import { scale, tooltip } from './axes.ts'
import { colourOf, dashOf } from './channels.ts'
import type { Hue } from './channels.ts'
import { barAside, placesOf, reachOf } from './extent.ts'
import { short } from './format.ts'
import { drawMark } from './mark.ts'
import type { Palette } from './palette.ts'
import type { LinePicture } from './picture.ts'

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

export function lineConfig(picture: LinePicture, palette: Palette, hidden: ReadonlySet<string>): ChartConfiguration {
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
        drawBars(chart, series, barAside(i, shown.length), palette)
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
          ...(picture.x.log ? logPlaces(picture) : {}),
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

function logPlaces(picture: LinePicture): object {
  const [min, max] = reachOf(picture)
  const ticks = placesOf(picture).map((value) => ({ value }))
  return { min, max, afterBuildTicks: (axis: { ticks: object[] }) => (axis.ticks = ticks) }
}
