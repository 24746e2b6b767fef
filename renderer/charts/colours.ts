import { interpolateLab } from 'd3-interpolate'
import type { Palette } from './palette.ts'

/** The colour of a shade in [-1, 1]: towards `bad` below zero, towards `good` above, a neutral tint between. */
export function shadeColour(shade: number | null, palette: Palette): string {
  if (shade === null) return palette.paper
  return interpolateLab(palette.neutral, shade < 0 ? palette.bad : palette.good)(Math.min(1, Math.abs(shade)))
}

/** Black or white, whichever reads better on this `rgb(...)` or `#rrggbb`: one of them always has 4.5 to 1. */
export const inkOn = (fill: string): string =>
  contrast(fill, '#000000') >= contrast(fill, '#ffffff') ? '#000000' : '#ffffff'

/** Contrast ratio of two colours (WCAG 2). */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((p, q) => q - p)
  return (high + 0.05) / (low + 0.05)
}

/** Relative luminance (WCAG 2). */
function luminance(colour: string): number {
  const parts = colour.startsWith('#')
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16))
    : (colour.match(/[\d.]+/g) ?? ['0', '0', '0']).slice(0, 3).map(Number)
  const [r, g, b] = parts.map((part) => {
    const c = part / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
