import type { ScaleOptions, TooltipItem } from 'chart.js'
import { short } from './format.ts'
import type { Palette } from './palette.ts'

/** What every picture has: its axes and what is said where the pointer is. */
export const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif"

export function scale(palette: Palette, title: string, more: Record<string, unknown> = {}): ScaleOptions {
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

export function tooltip(
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
