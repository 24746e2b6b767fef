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
import type { ChartConfiguration } from 'chart.js'
import annotation from 'chartjs-plugin-annotation'
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix'
import zoom from 'chartjs-plugin-zoom'
import { FONT } from './axes.ts'
import { heatConfig } from './heat.ts'
import { histogramConfig } from './histogram.ts'
import { intervalConfig } from './intervals.ts'
import { lineConfig } from './lines.ts'
import { PALETTES } from './palette.ts'
import type { HeatPicture, HistogramPicture, IntervalPicture, LinePicture, Picture } from './picture.ts'
import type { Rows } from './rows.ts'

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
