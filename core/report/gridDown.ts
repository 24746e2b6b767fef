import { written } from '../stats/decimals.ts'
import type { Axis } from './axis.ts'
import { html, type Markup } from './html.ts'

/** At every tick of an axis from left to right a line down, and its figure below. */
export const gridDown = (axis: Axis, top: number, bottom: number, signed = false): Markup[] =>
  axis.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${axis.at(tick)}" x2="${axis.at(tick)}" y1="${top}" y2="${bottom}" /><text
          class="tick"
          x="${axis.at(tick)}"
          y="${bottom + 16}"
          text-anchor="middle"
          >${written(tick, axis.decimals, signed)}</text
        >`,
  )
