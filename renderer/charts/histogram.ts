import type { ChartConfiguration } from 'chart.js'
import { scale, tooltip } from './axes.ts'
import { colourOf, method } from './channels.ts'
import { short } from './format.ts'
import type { Palette } from './palette.ts'
import type { HistogramPicture } from './picture.ts'

export function histogramConfig(picture: HistogramPicture, palette: Palette): ChartConfiguration {
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
