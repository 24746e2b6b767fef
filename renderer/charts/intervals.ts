import type { ChartConfiguration, Plugin } from 'chart.js'
import { FONT, scale, tooltip } from './axes.ts'
import { colourOf } from './channels.ts'
import { extent, intervalValues } from './extent.ts'
import { short, textWidth } from './format.ts'
import { drawMark } from './mark.ts'
import type { Palette } from './palette.ts'
import type { IntervalPicture } from './picture.ts'
import { clip, ROW_HEIGHT, rowScale } from './rows.ts'

export function intervalConfig(picture: IntervalPicture, palette: Palette): ChartConfiguration {
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
