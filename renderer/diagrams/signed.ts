import { PALETTES } from '../charts/palette.ts'
import type { Theme } from '../charts/channels.ts'

/** The one way in which a signed weight is drawn: blue and solid for plus, orange and dashed for minus, wide if strong. */
export const signColour = (value: number, theme: Theme) => (value < 0 ? PALETTES[theme].bad : PALETTES[theme].good)

/** Stroke width in pixels of a weight, where `strongest` is as wide as it gets. */
export const strokeWidth = (value: number, strongest: number, widest = 8) =>
  0.75 + (widest - 0.75) * Math.min(1, Math.abs(value) / (strongest || 1))

/** Opacity of a line whose |w| is this share of the strongest: the weak ones step back. */
export const lineAlpha = (share: number) => 0.2 + 0.55 * share * share
